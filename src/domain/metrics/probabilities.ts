import { type Arguments, numberOf } from "./arguments.ts";
import {
  isUndefined,
  numbersOf,
  type RowScores,
  type Rows,
  type Statistic,
  type Undefined,
  weightedMean,
} from "./metric.ts";

const epsilon = 2 ** -52;
const clip = (p: number): number => Math.min(Math.max(p, epsilon), 1 - epsilon);
const isProbability = (p: number): boolean => p >= 0 && p <= 1;

/** One score per row, from the positive class's probability (binary) or the row of all classes. */
function scored(
  rows: Rows,
  binary: (truth: number, p: number) => number,
  multiclass: (truth: number, p: Float64Array) => number,
): RowScores | Undefined {
  const { answers } = rows;
  const truth = numbersOf(rows);
  if (answers.task === "binary" && answers.scores) {
    const { scores } = answers;
    if (!scores.every(isProbability)) return { undefined: "not_probability" };
    return { scores: truth.map((value, i) => binary(value, scores[i]!)), pairable: true };
  }
  if (answers.task !== "multiclass" || !answers.probabilities) return { undefined: "no_scores" };
  const { probabilities } = answers;
  if (!probabilities.every((row) => row.every(isProbability))) return { undefined: "not_probability" };
  return { scores: truth.map((value, i) => multiclass(value, probabilities[i]!)), pairable: true };
}

/** The metric that is the mean of row scores. */
export const meanMetric =
  (scores: (rows: Rows, args: Arguments) => RowScores | Undefined) =>
  (rows: Rows, args: Arguments): Statistic | Undefined => {
    const each = scores(rows, args);
    return isUndefined(each) ? each : (weights) => weightedMean(each.scores, weights);
  };

/** Negative natural log of the probability of what was true, clipped to [2^-52, 1 - 2^-52]. */
export const logLossScores = (rows: Rows): RowScores | Undefined =>
  scored(
    rows,
    (truth, p) => -Math.log(clip(truth === 1 ? p : 1 - p)),
    (truth, p) => -Math.log(clip(p[truth]!)),
  );

/** Squared distance of probability and truth; several classes: summed over classes, without the half. */
export const brierScores = (rows: Rows): RowScores | Undefined =>
  scored(
    rows,
    (truth, p) => (p - truth) ** 2,
    (truth, p) => p.reduce((sum, value, index) => sum + (value - (index === truth ? 1 : 0)) ** 2, 0),
  );

/** 1 where fewer than k classes score strictly higher than the true one. */
export const topkScores = (rows: Rows, args: Arguments): RowScores | Undefined =>
  scored(
    rows,
    () => Number.NaN,
    (truth, p) => (p.filter((value) => value > p[truth]!).length < numberOf(args, "k", 1) ? 1 : 0),
  );

/** Sum over bins of |mean outcome - mean confidence| by share of rows; equal bins, right closed. */
function calibrationError(confidence: Float64Array, outcome: Float64Array, bins: number): Statistic {
  const bin = Uint32Array.from(confidence, (p) => Math.min(Math.max(Math.ceil(p * bins) - 1, 0), bins - 1));
  return (weights) => {
    const gaps = new Float64Array(bins);
    let total = 0;
    for (let i = 0; i < bin.length; i++) {
      gaps[bin[i]!]! += weights[i]! * (outcome[i]! - confidence[i]!);
      total += weights[i]!;
    }
    return gaps.reduce((sum, gap) => sum + Math.abs(gap), 0) / total;
  };
}

/** Expected calibration error of the positive class. */
export function ece(rows: Rows, args: Arguments): Statistic | Undefined {
  const confidence = scored(
    rows,
    (_, p) => p,
    () => Number.NaN,
  );
  if (isUndefined(confidence)) return confidence;
  return calibrationError(confidence.scores, numbersOf(rows), numberOf(args, "bins", 15));
}

/** Expected calibration error of the winning class (lowest index on a tie). */
export function eceTop(rows: Rows, args: Arguments): Statistic | Undefined {
  const confidence = scored(
    rows,
    () => Number.NaN,
    (_, p) => Math.max(...p),
  );
  if (isUndefined(confidence)) return confidence;
  const right = scored(
    rows,
    () => Number.NaN,
    (truth, p) => (p.indexOf(Math.max(...p)) === truth ? 1 : 0),
  );
  if (isUndefined(right)) return right;
  return calibrationError(confidence.scores, right.scores, numberOf(args, "bins", 15));
}
