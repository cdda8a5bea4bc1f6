import type { Evaluation } from "../domain/evaluation.ts";
import type { Truth } from "../domain/observations/observations.ts";
import { type Problem, UserError } from "../domain/problem.ts";
import type { RowAnswer } from "../domain/reading/row-answer.ts";
import { truthOf, truthsOf } from "../domain/reading.ts";
import { type Part, readingDigest, type Shard, unfit, whole } from "../domain/shard.ts";
import type { Rows } from "../ports/dataset.ts";
import { askPart, championStateOf } from "./evaluation/ask.ts";
import type { EvaluateOptions, MergeOptions } from "./evaluation/options.ts";
import { flipsOf, groupsOf, oddScores, predictionLines, settle, slicesOf } from "./evaluation/outcomes.ts";

export type { Champion, EvaluateOptions, MergeOptions } from "./evaluation/options.ts";

/** The truth of every row. @throws UserError when there are none, or naming each line whose label is unusable, up to twenty. */
function truthsOfRows({ rows, plan, file }: MergeOptions): Truth[number][] {
  if (rows.length === 0)
    throw new UserError([
      {
        code: "data.empty",
        message: `${file} has no rows`,
        hint: "Nothing can be measured without rows.",
        at: { file },
      },
    ]);
  const problems: Problem[] = [];
  const truth = Array.from({ length: rows.length }, (_, index) => {
    const row = rows.facts(index);
    try {
      return truthOf(row.label, plan);
    } catch (error) {
      if (problems.length < 20)
        problems.push({
          code: "data.value",
          message: `${row.file ?? file}: ${(error as Error).message}`,
          hint: "Correct the label, or evaluate.classes.",
          at: { file: row.file ?? file, line: row.line },
        });
      return 0;
    }
  });
  if (problems.length > 0) throw new UserError(problems);
  return truth;
}

/**
 * Sends every row to the deployed candidate, and to the champion beside it, and keeps what they answered.
 * @throws UserError `data.empty`, `data.value`, `evaluate.subject-changed`.
 */
export async function evaluate(options: EvaluateOptions): Promise<Evaluation> {
  truthsOfRows(options);
  return merge(options, [await askPart(options, whole)]);
}

/**
 * Sends the rows of one part, for {@link merge} to put together with the others.
 * @throws UserError as {@link evaluate}: every part looks at the labels of all rows first.
 */
export async function evaluatePart(options: EvaluateOptions, part: Part): Promise<Shard> {
  truthsOfRows(options);
  return askPart(options, part);
}

/** The answers of parts by the indices of the rows. */
function byRow(
  shards: readonly Shard[],
  { order }: Rows,
  of: (shard: Shard) => readonly RowAnswer[] | null,
): RowAnswer[] | null {
  const answers: RowAnswer[] = Array.from({ length: order.length });
  for (const shard of shards) {
    const list = of(shard);
    if (!list) return null;
    for (const [at, place] of shard.rows.entries()) answers[order[place]!] = list[at]!;
  }
  return answers;
}

/**
 * Makes one evaluation of what the parts were answered: the same, whichever way the rows were shared out.
 * @throws UserError `evaluate.shards` when the parts do not fit together; `data.empty`, `data.value`.
 */
export async function merge(options: MergeOptions, shards: readonly Shard[]): Promise<Evaluation> {
  const { rows, identity, plan } = options;
  const truth = truthsOfRows(options);
  const wrong = unfit(shards, { of: shards[0]?.part.of ?? 1, rows: rows.length });
  const [first] = shards;
  if (wrong.length > 0 || !first || first.data.digest !== identity.digest || first.reading !== readingDigest(plan))
    throw misfit(wrong.length > 0 ? wrong : ["the shards are about other data, or were read in another way"]);
  const answers = byRow(shards, rows, ({ candidate }) => candidate)!;
  const others = byRow(shards, rows, ({ other }) => other);
  const settled = settle(answers, others, truth, options);
  const odd = oddScores(answers, plan);
  if (odd) options.warn(odd);
  const predictions = await options.files.write("predictions.jsonl", predictionLines(rows, answers, others, plan));
  return {
    schema: 2,
    subject: first.subject,
    champion: first.champion,
    data: identity,
    predictions: predictions.digest,
    leftOut: settled.leftOut,
    flips: flipsOf(rows, answers, others, plan),
    observations: {
      task: plan.task,
      classes: plan.classes,
      truth: truthsOf(settled.kept.map((index) => truth[index]!)),
      groups: groupsOf(rows, settled.kept),
      candidate: settled.candidate,
      champion: settled.champion,
      championState: championStateOf(first.champion),
      slices: slicesOf(rows, settled.kept),
      failedRows: settled.failedRows,
      load: null,
    },
  };
}

const misfit = (sentences: readonly string[]): UserError =>
  new UserError([
    {
      code: "evaluate.shards",
      message: `the shards make no evaluation: ${sentences.join("; ")}`,
      hint: "Run modelgate evaluate --shard for every part again, of the same image, data and configuration.",
    },
  ]);
