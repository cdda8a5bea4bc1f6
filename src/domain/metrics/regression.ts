import { type Arguments, numberOf } from "./arguments.ts";
import {
  numbersOf,
  type RowScores,
  type Rows,
  type Statistic,
  type Undefined,
  type Value,
  weightedMean,
} from "./metric.ts";
import { orderOf } from "./ranking.ts";

/** The values a regression model answered. Metrics here are registered for regression only. */
export function valuesOf({ answers }: Rows): Float64Array {
  if (answers.task !== "regression") throw new TypeError(`${answers.task} answers have no values`);
  return answers.values;
}

/** One score per row from target and prediction. */
const scored =
  (score: (target: number, predicted: number, args: Arguments) => number) =>
  (rows: Rows, args: Arguments): RowScores => {
    const values = valuesOf(rows);
    return { scores: numbersOf(rows).map((target, i) => score(target, values[i]!, args)), pairable: true };
  };

export const absoluteErrors = scored((target, predicted) => Math.abs(predicted - target));
export const squaredErrors = scored((target, predicted) => (predicted - target) ** 2);
/** Predicted minus target: positive when the model says too much. */
export const signedErrors = scored((target, predicted) => predicted - target);
/** 2|e| / (|y| + |p|), and 0 where both are 0. */
export const symmetricErrors = scored((target, predicted) => {
  const size = Math.abs(target) + Math.abs(predicted);
  return size === 0 ? 0 : (2 * Math.abs(predicted - target)) / size;
});
export const pinballLosses = scored((target, predicted, args) => {
  const q = numberOf(args, "q", 0.5);
  return Math.max(q * (target - predicted), (q - 1) * (target - predicted));
});

/** |e| / |y|; undefined with a zero target. */
export function relativeErrors(rows: Rows): RowScores | Undefined {
  if (numbersOf(rows).includes(0)) return { undefined: "zero_target" };
  return scored((target, predicted) => Math.abs((predicted - target) / target))(rows, {});
}

const rootMean =
  (squares: Float64Array): Statistic =>
  (weights) =>
    Math.sqrt(weightedMean(squares, weights));

export const rmse = (rows: Rows): Statistic => rootMean(squaredErrors(rows, {}).scores);

/** Root mean squared difference of log(1 + x); undefined where a value is not above -1. */
export function rmsle(rows: Rows): Statistic | Undefined {
  const values = valuesOf(rows);
  const truth = numbersOf(rows);
  if (truth.some((x) => x <= -1) || values.some((x) => x <= -1)) return { undefined: "below_minus_one" };
  return rootMean(truth.map((target, i) => (Math.log1p(values[i]!) - Math.log1p(target)) ** 2));
}

/** The median of |e|, averaging the middle two. */
export function medianError(rows: Rows): Statistic {
  const errors = absoluteErrors(rows, {}).scores;
  const order = orderOf(errors).rows;
  return (weights) => {
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    const at = (rank: number): number => {
      let seen = 0;
      return errors[order.find((row) => (seen += weights[row]!) > rank)!]!;
    };
    return (at(Math.floor((total - 1) / 2)) + at(Math.floor(total / 2))) / 2;
  };
}

export function maxError(rows: Rows): Statistic {
  const errors = absoluteErrors(rows, {}).scores;
  return (weights) => errors.reduce((most, error, i) => (weights[i]! > 0 && error > most ? error : most), 0);
}

/** Sum of |e| over sum of |y|; undefined when every target is 0. */
export function wape(rows: Rows): Statistic {
  const errors = absoluteErrors(rows, {}).scores;
  const sizes = numbersOf(rows).map(Math.abs);
  return (weights): Value => {
    const size = weightedMean(sizes, weights);
    return size === 0 ? { undefined: "zero_target" } : weightedMean(errors, weights) / size;
  };
}

/** Whether all rows that count hold one value: asked of the values, since rounding makes a variance of 0 unlikely. */
export function isConstant(values: Float64Array, weights: Uint32Array): boolean {
  const first = values[weights.findIndex((weight) => weight > 0)];
  return values.every((value, i) => weights[i] === 0 || value === first);
}

/** Mean squared distance from the mean, in two passes so that a large offset costs no digits. */
function variance(values: Float64Array, weights: Uint32Array): number {
  const mean = weightedMean(values, weights);
  return weightedMean(
    values.map((value) => (value - mean) ** 2),
    weights,
  );
}

/** 1 - (what the model leaves) / (variance of the target); undefined for a constant target. */
const explained =
  (left: (rows: Rows) => (weights: Uint32Array) => number) =>
  (rows: Rows): Statistic => {
    const leaves = left(rows);
    const truth = numbersOf(rows);
    return (weights) =>
      isConstant(truth, weights) ? { undefined: "constant_target" } : 1 - leaves(weights) / variance(truth, weights);
  };

export const r2 = explained((rows) => {
  const errors = squaredErrors(rows, {}).scores;
  return (weights) => weightedMean(errors, weights);
});
export const explainedVariance = explained((rows) => {
  const errors = signedErrors(rows, {}).scores;
  return (weights) => variance(errors, weights);
});
