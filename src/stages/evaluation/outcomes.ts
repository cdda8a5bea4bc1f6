import type { Evaluation } from "../../domain/evaluation.ts";
import type { Problem } from "../../domain/problem.ts";
import { answersOf, type Prediction, type ReadingPlan, shownPrediction } from "../../domain/reading.ts";
import type { Row } from "../../ports/dataset.ts";
import type { RowAnswer } from "../asking.ts";

/** What becomes of rows without a usable answer. `maxShare` null: half a percent may be left out, any number count as wrong. */
export interface FailedRows {
  policy: "error" | "wrong" | "exclude";
  maxShare: number | null;
}

/** The share of rows that may be left out when the configuration does not say: more would hide a model that crashes. */
const usuallyLeftOut = 0.005;

/** Rows that count: those without a usable answer are left out, counted wrong, or make everything an error. */
export function settle(
  answers: readonly RowAnswer[],
  champion: readonly RowAnswer[] | null,
  truth: readonly number[],
  { failedRows: { policy, maxShare }, plan }: { failedRows: FailedRows; plan: ReadingPlan },
) {
  const failed = answers.map((answer, index) => answer.prediction === null || champion?.[index]?.prediction === null);
  const count = failed.filter(Boolean).length;
  const tolerated = count <= (maxShare ?? (policy === "exclude" ? usuallyLeftOut : 1)) * answers.length;
  const wrong = (index: number): Prediction => ({
    value: (truth[index]! + 1) % plan.classes.length,
    scores: null,
    oddSum: null,
  });
  const excluding = policy === "exclude" && tolerated;
  // A regression has no worst answer to count a failure as.
  const counting = policy === "wrong" && plan.task !== "regression" && tolerated;
  const kept = answers.map((_, index) => index).filter((index) => counting || !failed[index]);
  const of = (list: readonly RowAnswer[]) =>
    answersOf(
      kept.map((index) => list[index]!.prediction ?? wrong(index)),
      plan.task,
    );
  return {
    kept,
    candidate: of(answers),
    champion: champion && of(champion),
    failedRows: excluding || counting ? 0 : count,
    leftOut: excluding ? count : 0,
  };
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
  rows: readonly Row[],
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
  for (const [index, row] of rows.entries())
    yield JSON.stringify({
      id: row.id,
      label: row.label,
      slices: row.slices,
      ...shown(answers[index]),
      champion: shown(champion?.[index]) ?? null,
    });
}

/** Rows that the candidate has wrong: of those the champion has right, when there is one. */
export function flipsOf(
  rows: readonly Row[],
  answers: readonly RowAnswer[],
  champion: readonly RowAnswer[] | null,
  plan: ReadingPlan,
): Evaluation["flips"] {
  const text = (answer: RowAnswer | undefined): string | null =>
    answer?.prediction ? shownPrediction(answer.prediction, plan) : null;
  const flipped = rows.flatMap((row, index) => {
    const [now, before] = [text(answers[index]), text(champion?.[index])];
    const differs =
      plan.task !== "regression" && (champion ? now !== before && before === row.label : now !== row.label);
    return differs ? [{ id: row.id, label: row.label, candidate: now ?? "no answer", champion: before }] : [];
  });
  return { count: flipped.length, rows: flipped.slice(0, 20) };
}
