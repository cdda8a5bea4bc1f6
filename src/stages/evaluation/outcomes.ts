import type { Evaluation } from "../../domain/evaluation.ts";
import type { Truth } from "../../domain/observations/observations.ts";
import type { Problem } from "../../domain/problem.ts";
import type { RowAnswer } from "../../domain/reading/row-answer.ts";
import { answersOf, type Label, type Prediction, type ReadingPlan, shownPrediction } from "../../domain/reading.ts";
import { shorten } from "../../domain/shorten.ts";
import type { Rows } from "../../ports/dataset.ts";
import type { FailedRows } from "./options.ts";

/** The share of rows that may be left out when the configuration does not say: more would hide a model that crashes. */
const usuallyLeftOut = 0.005;

/** The worst answer there is to a row, where a task has one: what a row without an answer counts as. */
function worstAnswer(truth: Truth[number], { task, classes }: ReadingPlan): Prediction | null {
  const worst = (value: Prediction["value"]): Prediction => ({ value, scores: null, oddSum: null });
  if (truth instanceof Uint8Array) return worst(truth.map((mark) => 1 - mark));
  return task === "binary" || task === "multiclass" ? worst((Number(truth) + 1) % classes.length) : null;
}

/** Rows that count, in the order of their hashes: those without a usable answer are left out, counted wrong, or make everything an error. */
export function settle(
  answers: readonly RowAnswer[],
  champion: readonly RowAnswer[] | null,
  truth: readonly Truth[number][],
  { rows, failedRows: { policy, maxShare }, plan }: { rows: Rows; failedRows: FailedRows; plan: ReadingPlan },
) {
  const failed = answers.map((answer, index) => isFailed(answer) || (champion !== null && isFailed(champion[index]!)));
  const count = failed.filter(Boolean).length;
  const tolerated = count <= (maxShare ?? (policy === "exclude" ? usuallyLeftOut : 1)) * answers.length;
  const worst = truth.map((entry) => worstAnswer(entry, plan));
  const excluding = policy === "exclude" && tolerated;
  const counting = policy === "wrong" && tolerated && worst.every((answer) => answer !== null);
  const kept = Array.from(rows.order).filter((index) => counting || !failed[index]);
  const of = (list: readonly RowAnswer[]) => {
    const partners = kept.flatMap((index) => list[index]!.partner ?? []);
    return answersOf(
      kept.map((index) => list[index]!.prediction ?? worst[index]!),
      plan.task,
      partners.length > 0 ? partners : null,
    );
  };
  return {
    kept,
    candidate: of(answers),
    champion: champion && of(champion),
    failedRows: excluding || counting ? 0 : count,
    leftOut: excluding ? count : 0,
  };
}

const isFailed = ({ prediction }: RowAnswer): boolean => prediction === null;

/** What makes rows belong together, by row; null when nothing does. */
export function groupsOf(rows: Rows, kept: readonly number[]): string[] | null {
  const groups = kept.flatMap((index) => rows.facts(index).group ?? []);
  return groups.length === kept.length && kept.length > 0 ? groups : null;
}

/** The slices of rows, by name. */
export function slicesOf(rows: Rows, kept: readonly number[]): Record<string, string[]> {
  const [first] = kept;
  const columns = Object.keys(first === undefined ? {} : rows.facts(first).slices).map((name): [string, string[]] => [
    name,
    [],
  ]);
  for (const index of kept) {
    const { slices } = rows.facts(index);
    for (const [name, column] of columns) column.push(slices[name] ?? "");
  }
  return Object.fromEntries(columns);
}

/** What is served beside labels and is no distribution, so that no metric of probabilities has a value. */
export function oddScores(answers: readonly RowAnswer[], { output }: ReadingPlan): Problem | null {
  const odd = answers.flatMap(({ prediction }) => (prediction?.oddSum == null ? [] : [prediction.oddSum]));
  if (odd.length === 0) return null;
  return {
    code: "endpoint.answer",
    message: `the served ${output ?? "scores"} are no probabilities in ${odd.length} of ${answers.length} rows (one row sums to ${odd[0]!.toPrecision(4)}): only the largest of a row is used`,
    hint: "Metrics of probabilities (log_loss, brier, ece, roc_auc …) have no value then. Serve probabilities that sum to 1, or gate on labels only.",
  };
}

/** A line of predictions.jsonl per row, in the order of the data. */
export function* predictionLines(
  rows: Rows,
  answers: readonly RowAnswer[],
  champion: readonly RowAnswer[] | null,
  plan: ReadingPlan,
): Iterable<string> {
  const shown = (answer: RowAnswer | undefined) =>
    answer && {
      status: answer.status,
      latency_ms: answer.latency,
      prediction: answer.prediction && shownPrediction(answer.prediction, plan),
      scores: answer.prediction?.scores ?? null,
    };
  for (const index of answers.keys()) {
    const { id, label, slices } = rows.facts(index);
    yield JSON.stringify({
      ...{ id, label, slices },
      ...shown(answers[index]),
      champion: shown(champion?.[index]) ?? null,
    });
  }
}

/** Texts of generations are as long as they like. */
const shownLength = 100;

/** A label for people: the texts of a list side by side. */
const shownLabel = (label: Label): string => (typeof label === "string" ? label : label.join(" | "));

/** Whether a prediction is what the label says; null where a task knows no right and wrong. */
function isRight(prediction: Prediction | null, label: Label, plan: ReadingPlan): boolean | null {
  if (plan.task === "regression" || plan.task === "ranking" || plan.task === "embedding") return null;
  if (prediction === null) return false;
  const shown = shownPrediction(prediction, plan);
  const right = typeof label === "string" ? [label] : label.map(String);
  if (plan.task === "multilabel") return shown === plan.classes.filter((name) => right.includes(name)).join(", ");
  return right.includes(shown);
}

/** Rows that the candidate has wrong: of those the champion has right, when there is one. */
export function flipsOf(
  rows: Rows,
  answers: readonly RowAnswer[],
  champion: readonly RowAnswer[] | null,
  plan: ReadingPlan,
): Evaluation["flips"] {
  const said = (answer: RowAnswer): string | null => answer.prediction && shownPrediction(answer.prediction, plan);
  const flipped = answers.flatMap((now, index) => {
    const row = rows.facts(index);
    const before = champion?.[index] ?? null;
    const wasRight = before === null || isRight(before.prediction, row.label, plan) === true;
    if (isRight(now.prediction, row.label, plan) !== false || !wasRight) return [];
    const short = (text: string): string => shorten(text, shownLength);
    const was = before && said(before);
    const candidate = short(said(now) ?? "no answer");
    return [{ id: row.id, label: short(shownLabel(row.label)), candidate, champion: was === null ? null : short(was) }];
  });
  return { count: flipped.length, rows: flipped.slice(0, 20) };
}
