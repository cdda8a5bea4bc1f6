import type { Arguments } from "./arguments.ts";
import { numberOf } from "./arguments.ts";
import {
  isUndefined,
  numbersOf,
  type RowScores,
  type Rows,
  type Statistic,
  type Undefined,
  type Value,
} from "./metric.ts";

/** The margins and the diagonal of a confusion matrix: all that the metrics here need, in O(classes). */
interface Counts {
  hits: Float64Array;
  actual: Float64Array;
  predicted: Float64Array;
  total: number;
}

const ratio = (part: number, whole: number): number => (whole === 0 ? 0 : part / whole);
const sum = (numbers: Iterable<number>): number => {
  let total = 0;
  for (const number of numbers) total += number;
  return total;
};
const crossed = (a: Float64Array, b: Float64Array): number => sum(a.map((value, i) => value * b[i]!));

/**
 * Predicted labels: as served, or `score >= threshold` when a threshold is asked.
 * A threshold without served scores is undefined.
 */
export function labelsOf({ answers }: Rows, args: Arguments): Int32Array | Uint8Array | Undefined {
  if (answers.task !== "binary" && answers.task !== "multiclass") return { undefined: "wrong_task" };
  if (args.threshold === undefined || answers.task === "multiclass") return answers.labels;
  if (!answers.scores) return { undefined: "no_scores" };
  const threshold = Number(args.threshold);
  return Uint8Array.from(answers.scores, (score) => (score >= threshold ? 1 : 0));
}

/** The whole confusion matrix for a report: `matrix[truth][predicted]`. */
export function confusion(truth: ArrayLike<number>, labels: ArrayLike<number>, classes: number): number[][] {
  const matrix = Array.from({ length: classes }, () => Array.from({ length: classes }, () => 0));
  for (let i = 0; i < truth.length; i++) matrix[truth[i]!]![labels[i]!]!++;
  return matrix;
}

/** A metric of counts, made ready for rows. */
export const counted =
  (value: (counts: Counts, args: Arguments, classes: readonly string[]) => Value) =>
  (rows: Rows, args: Arguments): Statistic | Undefined => {
    const labels = labelsOf(rows, args);
    if (isUndefined(labels)) return labels;
    const { classes } = rows;
    const truth = numbersOf(rows);
    return (weights) => {
      const hits = new Float64Array(classes.length);
      const actual = new Float64Array(classes.length);
      const predicted = new Float64Array(classes.length);
      for (let i = 0; i < truth.length; i++) {
        const weight = weights[i]!;
        actual[truth[i]!]! += weight;
        predicted[labels[i]!]! += weight;
        if (truth[i] === labels[i]) hits[labels[i]!]! += weight;
      }
      return value({ hits, actual, predicted, total: sum(actual) }, args, classes);
    };
  };

/** The class an argument names; without one and without an average, the positive class of two. */
export function classOf(classes: readonly string[], args: Arguments): number | null {
  if (args.class !== undefined) return classes.indexOf(args.class);
  return classes.length === 2 && args.average === undefined ? 1 : null;
}

type OfClass = (counts: Counts, index: number, args: Arguments) => number;

/** A metric of one class, or its average over the declared classes; a class without rows counts 0 (as in scikit-learn). */
const averaged =
  (ofClass: OfClass) =>
  (counts: Counts, args: Arguments, classes: readonly string[]): Value => {
    const one = classOf(classes, args);
    if (one !== null) return ofClass(counts, one, args);
    if (args.average === "micro") return ratio(sum(counts.hits), counts.total);
    const each = classes.map((_, index) => ofClass(counts, index, args));
    if (args.average === "weighted") return sum(each.map((value, i) => value * counts.actual[i]!)) / counts.total;
    return sum(each) / classes.length;
  };

const fbetaOf = (beta: number, { hits, actual, predicted }: Counts, i: number): number => {
  const square = beta * beta;
  const [misses, alarms] = [actual[i]! - hits[i]!, predicted[i]! - hits[i]!];
  return ratio((1 + square) * hits[i]!, (1 + square) * hits[i]! + square * misses + alarms);
};

export const accuracy = counted(({ hits, total }) => sum(hits) / total);
export const precision = counted(averaged(({ hits, predicted }, i) => ratio(hits[i]!, predicted[i]!)));
export const recall = counted(averaged(({ hits, actual }, i) => ratio(hits[i]!, actual[i]!)));
export const specificity = counted(({ hits, actual }) => ratio(hits[0]!, actual[0]!));
export const f1 = counted(averaged((counts, i) => fbetaOf(1, counts, i)));
export const fbeta = counted(averaged((counts, i, args) => fbetaOf(numberOf(args, "b", 1), counts, i)));

/** Mean recall over the classes present. */
export const balancedAccuracy = counted(({ hits, actual }, _, classes) => {
  const present = classes.flatMap((_name, i) => (actual[i]! > 0 ? [hits[i]! / actual[i]!] : []));
  return classes.length === 2 && present.length < 2 ? { undefined: "single_class" } : sum(present) / present.length;
});

/** Matthews correlation for any number of classes (Gorodkin 2004); 0 when a margin is empty. */
export const mcc = counted(({ hits, actual, predicted, total }) => {
  const spread = (margin: Float64Array) => Math.sqrt(total * total - crossed(margin, margin));
  return ratio(sum(hits) * total - crossed(actual, predicted), spread(actual) * spread(predicted));
});

/** Cohen's kappa; undefined when agreement by chance is already 1. */
export const kappa = counted(({ hits, actual, predicted, total }) => {
  const chance = crossed(actual, predicted);
  if (chance === total * total) return { undefined: "chance_agreement" };
  return (sum(hits) * total - chance) / (total * total - chance);
});

/** 0/1 outcomes of the rows that `counts` keeps, and which rows these are. */
function outcomes(
  truth: Float64Array,
  counts: (row: number) => boolean,
  right: (row: number) => boolean,
): Pick<RowScores, "scores" | "rows"> {
  const scores = new Float64Array(truth.length);
  const rows = new Uint32Array(truth.length);
  let n = 0;
  for (let i = 0; i < truth.length; i++)
    if (counts(i)) {
      rows[n] = i;
      scores[n++] = right(i) ? 1 : 0;
    }
  return { scores: scores.subarray(0, n), rows: rows.subarray(0, n) };
}

/** Outcomes of every row: is the label right. */
export function hitScores(rows: Rows, args: Arguments): RowScores | Undefined {
  const labels = labelsOf(rows, args);
  if (isUndefined(labels)) return labels;
  const truth = numbersOf(rows);
  return {
    ...outcomes(
      truth,
      () => true,
      (i) => labels[i] === truth[i],
    ),
    pairable: true,
  };
}

/** Outcomes of the rows of a class. Averages other than `macro` are the accuracy; `macro` is no mean of rows. */
export function recallScores(rows: Rows, args: Arguments): RowScores | Undefined | null {
  const labels = labelsOf(rows, args);
  if (isUndefined(labels)) return labels;
  const index = classOf(rows.classes, args);
  if (index === null) return args.average === "micro" || args.average === "weighted" ? hitScores(rows, args) : null;
  const truth = numbersOf(rows);
  return {
    ...outcomes(
      truth,
      (i) => truth[i] === index,
      (i) => labels[i] === index,
    ),
    pairable: true,
  };
}

/** Outcomes of the negative rows. */
export function specificityScores(rows: Rows, args: Arguments): RowScores | Undefined {
  const labels = labelsOf(rows, args);
  if (isUndefined(labels)) return labels;
  const truth = numbersOf(rows);
  return {
    ...outcomes(
      truth,
      (i) => truth[i] === 0,
      (i) => labels[i] === 0,
    ),
    pairable: true,
  };
}

/** Outcomes of the rows predicted as a class; which rows these are differs from model to model. */
export function precisionScores(rows: Rows, args: Arguments): RowScores | Undefined | null {
  const labels = labelsOf(rows, args);
  if (isUndefined(labels)) return labels;
  const index = classOf(rows.classes, args);
  if (index === null) return args.average === "micro" ? hitScores(rows, args) : null;
  const truth = numbersOf(rows);
  return {
    ...outcomes(
      truth,
      (i) => labels[i] === index,
      (i) => truth[i] === index,
    ),
    pairable: false,
  };
}
