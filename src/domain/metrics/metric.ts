import type { Answers, LoadEvent, LoadRun, Task, Truth } from "../observations/observations.ts";
import type { ArgumentRule, Arguments } from "./arguments.ts";

/** `ratio` is shown in per cent, `score` is a pure number, `nats` are natural-log units. */
export type Unit = "ratio" | "score" | "nats" | "ms" | "per second" | "bytes" | "label units" | "squared label units";

/** Which way is better; `zero`: the nearer to zero the better (bias). */
type Direction = "higher" | "lower" | "zero";

/** A value that does not exist, and why. Never 0, never NaN. */
export interface Undefined {
  undefined: string;
}
export type Value = number | Undefined;

/** Whether something is an {@link Undefined} with its reason. */
export const isUndefined = (value: unknown): value is Undefined =>
  typeof value === "object" && value !== null && "undefined" in value;

/** What one model answered beside the truth; index = row. */
export interface Rows {
  truth: Truth;
  answers: Answers;
  classes: readonly string[];
  /** Rows that belong together (a query, a user): index of the group of each row, from 0; null: every row by itself. */
  groups: Int32Array | null;
}

/** The truth of a task that has a number per row. @throws TypeError for other tasks: metrics are registered by task. */
export function numbersOf({ truth, answers }: Pick<Rows, "truth" | "answers">): Float64Array {
  if (truth instanceof Float64Array) return truth;
  throw new TypeError(`the truth of ${answers.task} rows is not one number each`);
}

/** A metric made ready for one set of rows: how often each row counts → value. */
export type Statistic = (weights: Uint32Array) => Value;

/**
 * One score per row that counts. `pairable`: the same rows count for every model, so scores of two models align. `rows`: the
 * rows that the scores are of, ascending; without it score i is of row i.
 */
export interface RowScores {
  scores: Float64Array;
  pairable: boolean;
  rows?: Uint32Array;
}

/**
 * How a bound for `@confidence` is made. `scores` gives the 0/1 outcomes (binomial) or row scores (mean) whose mean the
 * metric is, and null when with these arguments it is no such mean; `ranking` gives the scores of positive rows against
 * the rest. Where they give null, and for `bootstrap`, rows are resampled. `instead` names metrics that have a bound.
 */
export type Bound =
  | { kind: "binomial" | "mean"; scores(rows: Rows, args: Arguments): RowScores | Undefined | null }
  | { kind: "auc"; ranking(rows: Rows, args: Arguments): { positive: Uint8Array; scores: Float64Array } | null }
  | { kind: "bootstrap" }
  | { kind: "none"; instead: string };

interface Described {
  unit: Unit;
  direction: Direction;
  /** Least and greatest possible value. */
  range: readonly [number, number];
}

/** A metric of answered rows. */
export interface RowMetric extends Described {
  kind: "rows";
  tasks: readonly Task[];
  args: Readonly<Record<string, ArgumentRule>>;
  bound: Bound;
  /** How the field writes which of many definitions this is; shown beside the value. */
  signature?: string;
  /** Whether only the truth and the predicted label of a row matter, so that equal rows may be counted together. */
  counts: boolean;
  /** Makes the statistic of these rows; it has been checked that {@link unsound} finds nothing. */
  prepare(rows: Rows, args: Arguments): Statistic | Undefined;
}

/** A metric of a load run. `stats`: whether the name goes on with `.p99`, `.mean`, `.max` or `.min`. */
export interface RunMetric extends Described {
  kind: "run";
  stats: boolean;
  /** Whether it counts from the moment a request was meant to be sent, which a closed loop does not have. */
  fromIntended: boolean;
  /**
   * `latency`: binomial on the share over the bound, percentiles only; of the times in ms that a request gives, infinite where
   * it failed; `several`: one request may give more than one. `rate`: t over 20 blocks of time, of what a request is worth.
   */
  bound:
    | { kind: "binomial" }
    | { kind: "none"; instead: string }
    | { kind: "latency"; timesOf(event: LoadEvent): readonly number[]; several: boolean }
    | { kind: "rate"; worth(event: LoadEvent, load: LoadRun): number };
  compute(load: LoadRun, stat: string | null): Value;
}

export type Metric = RowMetric | RunMetric;

/** How many rows were answered. */
function rowCount(answers: Answers): number {
  switch (answers.task) {
    case "regression":
    case "ranking":
      return answers.values.length;
    case "generation":
      return answers.texts.length;
    case "embedding":
      return answers.vectors.length;
    default:
      return answers.labels.length;
  }
}

/** All numbers a model served, beside its labels. */
function servedNumbers(answers: Answers): readonly Float64Array[] {
  switch (answers.task) {
    case "regression":
    case "ranking":
      return [answers.values];
    case "binary":
      return answers.scores ? [answers.scores] : [];
    case "multiclass":
      return answers.probabilities ?? [];
    case "multilabel":
      return answers.scores ?? [];
    case "generation":
      return answers.logprobs ?? [];
    case "embedding":
      return [...answers.vectors, ...(answers.partners ?? [])];
  }
}

/** All numbers of a truth. */
const trueNumbers = (truth: Truth): readonly Float64Array[] =>
  truth instanceof Float64Array ? [truth] : truth.filter((row) => row instanceof Float64Array);

/** Whether every label is one of the classes; a row of several labels has a mark for each class. */
function areKnown({ truth, answers, classes }: Rows): boolean {
  const known = (label: unknown): boolean =>
    label instanceof Uint8Array
      ? label.length === classes.length
      : Number.isInteger(label) && (label as number) >= 0 && (label as number) < classes.length;
  if (!("labels" in answers)) return true;
  for (let i = 0; i < truth.length; i++) if (!known(truth[i]) || !known(answers.labels[i])) return false;
  return true;
}

/** Why nothing can be computed of these rows, or null: no rows, a length that differs, NaN, a label that is no class. */
function unsound(rows: Rows): Undefined | null {
  const { truth, answers, groups } = rows;
  if (truth.length === 0) return { undefined: "no_rows" };
  if (rowCount(answers) !== truth.length || (groups && groups.length !== truth.length))
    return { undefined: "rows_differ" };
  if (![...trueNumbers(truth), ...servedNumbers(answers)].every((numbers) => numbers.every(Number.isFinite)))
    return { undefined: "not_finite" };
  return areKnown(rows) ? null : { undefined: "unknown_class" };
}

/** Makes the statistic of a metric for these rows, or says why there is none. A result that is not finite is undefined. */
export function statisticOf(metric: RowMetric, rows: Rows, args: Arguments): Statistic | Undefined {
  if (!metric.tasks.includes(rows.answers.task)) return { undefined: "wrong_task" };
  const prepared = unsound(rows) ?? metric.prepare(rows, args);
  if (isUndefined(prepared)) return prepared;
  return (weights) => {
    const value = prepared(weights);
    return typeof value === "number" && !Number.isFinite(value) ? { undefined: "not_finite" } : value;
  };
}

/** The value of a metric on these rows, each counted once. */
export function compute(metric: RowMetric, rows: Rows, args: Arguments = {}): Value {
  const statistic = statisticOf(metric, rows, args);
  return isUndefined(statistic) ? statistic : statistic(new Uint32Array(rows.truth.length).fill(1));
}

/** The mean of row scores, each counted as often as its weight says. */
export function weightedMean(scores: ArrayLike<number>, weights: Uint32Array): number {
  let sum = 0;
  let total = 0;
  for (let i = 0; i < scores.length; i++) {
    sum += weights[i]! * scores[i]!;
    total += weights[i]!;
  }
  return sum / total;
}
