import { canonicalJson } from "../domain/canonical.ts";
import { type Digest, hasher } from "../domain/digest.ts";
import type { Evaluation } from "../domain/evaluation.ts";
import type { Image } from "../domain/image.ts";
import { type Problem, UserError } from "../domain/problem.ts";
import { type ReadingPlan, truthOf } from "../domain/reading.ts";
import type { Running } from "../domain/release.ts";
import { xoshiro } from "../domain/statistics/prng.ts";
import { isSame } from "../domain/verdict.ts";
import type { Clock } from "../ports/clock.ts";
import type { DatasetIdentity, Row } from "../ports/dataset.ts";
import type { Session } from "../ports/protocol.ts";
import type { RunFiles } from "../ports/run-files.ts";
import { askRows } from "./asking.ts";
import { type FailedRows, flipsOf, oddScores, predictionLines, settle } from "./evaluation/outcomes.ts";

export interface EvaluateOptions {
  rows: readonly Row[];
  identity: DatasetIdentity;
  /** Name of the data file, for problems. */
  file: string;
  plan: ReadingPlan;
  candidate: { session: Session; image: Image };
  /** The release in production, deployed beside the candidate; null when there is none; or why it cannot be asked. */
  champion: { session: Session; image: Image } | { unavailable: string; image: Image } | null;
  concurrency: number;
  failedRows: FailedRows;
  /** Asks the platform what runs in staging. */
  running: () => Promise<Running | null>;
  files: RunFiles;
  clock: Clock;
  signal: AbortSignal;
  progress: (share: number) => void;
  /** Told what is odd about the answers and does not stop the evaluation. */
  warn: (problem: Problem) => void;
}

/** The identity of rows: sha256 over their canonical JSON, sorted by id. */
export function identify(rows: readonly Row[]): DatasetIdentity {
  const hash = hasher();
  const text = new TextEncoder();
  for (const row of rows.toSorted((a, b) => (a.id < b.id ? -1 : 1))) {
    const inputs = Object.fromEntries(
      Object.entries(row.inputs).map(([name, { dtype, shape, data }]) => [
        name,
        { dtype, shape, data: data.map((value) => (typeof value === "bigint" ? String(value) : value)) },
      ]),
    );
    hash.update(text.encode(`${canonicalJson({ id: row.id, inputs, label: row.label, slices: row.slices })}\n`));
  }
  return { digest: hash.digest(), rows: rows.length };
}

/** The truth of every row. @throws UserError naming each line whose label is unusable, up to twenty. */
function truths(rows: readonly Row[], plan: ReadingPlan, file: string): number[] {
  const problems: Problem[] = [];
  const truth = rows.map((row) => {
    try {
      return truthOf(row.label, plan);
    } catch (error) {
      if (problems.length < 20)
        problems.push({
          code: "data.value",
          message: `${file}: ${(error as Error).message}`,
          hint: "Correct the label, or evaluate.classes.",
          at: { file, line: row.line },
        });
      return 0;
    }
  });
  if (problems.length > 0) throw new UserError(problems);
  return truth;
}

async function subject(options: EvaluateOptions): Promise<Running> {
  const running = await options.running();
  if (running && running.image.digest === options.candidate.image.digest) return running;
  throw new UserError([
    {
      code: "evaluate.subject-changed",
      message: running
        ? `staging runs ${running.image.digest}, and ${options.candidate.image.digest} is to be evaluated`
        : "nothing runs in staging",
      hint: "Deploy the image first, and let nothing else deploy to staging meanwhile.",
    },
  ]);
}

/**
 * Sends every row to the deployed candidate, and to the champion beside it, and keeps what they answered. The platform is asked
 * before and after: only what ran all the time can be judged.
 * @throws UserError `data.empty`, `data.value`, `evaluate.subject-changed`.
 */
export async function evaluate(options: EvaluateOptions): Promise<Evaluation> {
  const { rows, identity, plan, champion, candidate } = options;
  if (rows.length === 0)
    throw new UserError([
      {
        code: "data.empty",
        message: `${options.file} has no rows`,
        hint: "Nothing can be measured without rows.",
        at: { file: options.file },
      },
    ]);
  const truth = truths(rows, plan, options.file);
  const before = await subject(options);
  const order = xoshiro(
    ["modelgate/1", candidate.image.digest, champion?.image.digest ?? "none", identity.digest, "order"].join("|"),
  ).shuffle(rows.map((_, index) => index));
  const asked = champion && "session" in champion ? champion : null;
  const answers = await askRows(candidate.session, order, {
    ...options,
    progress: (share) => options.progress(asked ? share / 2 : share),
  });
  const others =
    asked &&
    (await askRows(asked.session, order, { ...options, progress: (share) => options.progress(0.5 + share / 2) }));
  const after = await subject(options);
  if (!isSame(before, after))
    throw new UserError([
      {
        code: "evaluate.subject-changed",
        message: "the model's bytes in staging changed during the evaluation",
        hint: "Find out who writes to the staging environment.",
      },
    ]);
  const settled = settle(answers, others, truth, options);
  const odd = oddScores(answers, plan);
  if (odd) options.warn(odd);
  const predictions = await options.files.write("predictions.jsonl", predictionLines(rows, answers, others, plan));
  return {
    schema: 1,
    subject: { before: seen(before), after: seen(after) },
    champion: {
      image: champion?.image ?? null,
      source: !champion
        ? "none"
        : asked
          ? "deployed beside the candidate"
          : (champion as { unavailable: string }).unavailable,
    },
    data: identity,
    predictions: predictions.digest,
    leftOut: settled.leftOut,
    flips: flipsOf(rows, answers, others, plan),
    observations: {
      task: plan.task,
      classes: plan.classes,
      truth: Float64Array.from(settled.kept, (index) => truth[index]!),
      candidate: settled.candidate,
      champion: settled.champion,
      championState: !champion ? "none" : asked ? "present" : "unavailable",
      slices: slicesOf(settled.kept.map((index) => rows[index]!)),
      failedRows: settled.failedRows,
      load: null,
    },
  };
}

const seen = ({ image, modelDigest }: Running): { image: Image; modelDigest: Digest } => ({ image, modelDigest });

const slicesOf = (rows: readonly Row[]): Record<string, string[]> => {
  const names = Object.keys(rows[0]?.slices ?? {});
  return Object.fromEntries(names.map((name) => [name, rows.map((row) => row.slices[name] ?? "")]));
};
