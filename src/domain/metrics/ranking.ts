import type { Arguments } from "./arguments.ts";
import { classOf } from "./confusion.ts";
import { numbersOf, type Rows, type Statistic, type Undefined } from "./metric.ts";

/** Rows in ascending order of score, and where each group of equal scores ends (exclusive). */
export interface Order {
  rows: Uint32Array;
  ends: Uint32Array;
}

/** Sorts once, so that each resample costs only a walk. */
export function orderOf(scores: ArrayLike<number>): Order {
  const rows = Uint32Array.from(scores, (_, i) => i).toSorted((a, b) => scores[a]! - scores[b]!);
  const ends: number[] = [];
  for (let i = 1; i <= rows.length; i++)
    if (i === rows.length || scores[rows[i]!] !== scores[rows[i - 1]!]) ends.push(i);
  return { rows, ends: Uint32Array.from(ends) };
}

/** Weight of positives and of negatives in each group of equal scores, ascending. `side`: 1, 0, or -1 to leave a row out. */
function groups(
  order: Order,
  side: Int8Array,
  weights: Uint32Array,
): { positive: Float64Array; negative: Float64Array } {
  const [positive, negative] = [new Float64Array(order.ends.length), new Float64Array(order.ends.length)];
  let at = 0;
  for (const [group, end] of order.ends.entries())
    for (; at < end; at++) {
      const row = order.rows[at]!;
      if (side[row] === 1) positive[group]! += weights[row]!;
      else if (side[row] === 0) negative[group]! += weights[row]!;
    }
  return { positive, negative };
}

/** Share of pairs (positive, negative) in the right order, ties half: the area under the ROC curve. Null without pairs. */
export function areaOf(order: Order, side: Int8Array, weights: Uint32Array): number | null {
  const { positive, negative } = groups(order, side, weights);
  let [ordered, positives, negatives] = [0, 0, 0];
  for (let group = 0; group < positive.length; group++) {
    ordered += positive[group]! * (negatives + negative[group]! / 2);
    positives += positive[group]!;
    negatives += negative[group]!;
  }
  return positives * negatives === 0 ? null : ordered / (positives * negatives);
}

const sides = (truth: Float64Array, side: (truth: number) => number): Int8Array => Int8Array.from(truth, side);

/** Scores of a class, and which rows are of it; null when the check asks for an average over classes. */
export function rankingOf(rows: Rows, args: Arguments): { positive: Uint8Array; scores: Float64Array } | null {
  const { answers } = rows;
  const index = classOf(rows.classes, args);
  if ((answers.task !== "binary" && answers.task !== "multiclass") || index === null) return null;
  const positive = Uint8Array.from(numbersOf(rows), (value) => (value === index ? 1 : 0));
  if (answers.task === "multiclass")
    return (
      answers.probabilities && { positive, scores: Float64Array.from(answers.probabilities, (row) => row[index]!) }
    );
  return answers.scores && { positive, scores: index === 1 ? answers.scores : answers.scores.map((score) => -score) };
}

/** Area under the ROC curve. Several classes: one against the rest (`macro`, `weighted`) or every pair (`ovo`). */
export function rocAuc(rows: Rows, args: Arguments): Statistic | Undefined {
  const one = rankingOf(rows, args);
  if (one) {
    const order = orderOf(one.scores);
    const side = Int8Array.from(one.positive);
    return (weights) => areaOf(order, side, weights) ?? { undefined: "single_class" };
  }
  if (rows.answers.task !== "multiclass" || !rows.answers.probabilities) return { undefined: "no_scores" };
  const { probabilities } = rows.answers;
  const orders = rows.classes.map((_, index) => orderOf(probabilities.map((row) => row[index]!)));
  return args.average === "ovo" ? everyPair(numbersOf(rows), orders) : oneAgainstRest(numbersOf(rows), orders, args);
}

function oneAgainstRest(truth: Float64Array, orders: readonly Order[], args: Arguments): Statistic {
  const side = orders.map((_, index) => sides(truth, (value) => (value === index ? 1 : 0)));
  return (weights) => {
    const share = new Float64Array(orders.length).fill(args.average === "weighted" ? 0 : 1);
    if (args.average === "weighted") truth.forEach((value, i) => (share[value]! += weights[i]!));
    let [sum, total] = [0, 0];
    for (const [index, order] of orders.entries()) {
      const auc = areaOf(order, side[index]!, weights);
      if (auc === null) return { undefined: "class_missing" };
      sum += share[index]! * auc;
      total += share[index]!;
    }
    return sum / total;
  };
}

/** Hand and Till 2001: the mean over pairs of classes, each pair ranked by both classes' scores. */
function everyPair(truth: Float64Array, orders: readonly Order[]): Statistic {
  const pairs = orders.flatMap((order, a) =>
    orders.flatMap((_, b) =>
      a === b ? [] : [{ order, side: sides(truth, (value) => (value === a ? 1 : value === b ? 0 : -1)) }],
    ),
  );
  return (weights) => {
    let sum = 0;
    for (const { order, side } of pairs) {
      const auc = areaOf(order, side, weights);
      if (auc === null) return { undefined: "class_missing" };
      sum += auc;
    }
    return sum / pairs.length;
  };
}

/** The step sum over distinct thresholds, without interpolation. Null without a positive row. */
export function averagePrecisionOf(order: Order, side: Int8Array, weights: Uint32Array): number | null {
  const { positive, negative } = groups(order, side, weights);
  let [found, seen, sum] = [0, 0, 0];
  for (let group = positive.length - 1; group >= 0; group--) {
    found += positive[group]!;
    seen += positive[group]! + negative[group]!;
    if (positive[group]! > 0) sum += (positive[group]! * found) / seen;
  }
  return found === 0 ? null : sum / found;
}

/** Average precision of a class. Undefined without a positive row. */
export function averagePrecision(rows: Rows, args: Arguments): Statistic | Undefined {
  const ranking = rankingOf(rows, args);
  if (!ranking) return { undefined: "no_scores" };
  const order = orderOf(ranking.scores);
  const side = Int8Array.from(ranking.positive);
  return (weights) => averagePrecisionOf(order, side, weights) ?? { undefined: "no_positive" };
}
