import { numbersOf, type Rows, type Statistic, type Value, weightedMean } from "./metric.ts";
import { orderOf } from "./ranking.ts";
import { isConstant, valuesOf } from "./regression.ts";

const constantInput = { undefined: "constant_input" };

function correlation(x: Float64Array, y: Float64Array, weights: Uint32Array): Value {
  if (isConstant(x, weights) || isConstant(y, weights)) return constantInput;
  const [meanX, meanY] = [weightedMean(x, weights), weightedMean(y, weights)];
  let [xx, yy, xy] = [0, 0, 0];
  for (let i = 0; i < x.length; i++) {
    const [dx, dy] = [x[i]! - meanX, y[i]! - meanY];
    xx += weights[i]! * dx * dx;
    yy += weights[i]! * dy * dy;
    xy += weights[i]! * dx * dy;
  }
  return xy / (Math.sqrt(xx) * Math.sqrt(yy));
}

export const pearson =
  (rows: Rows): Statistic =>
  (weights) =>
    correlation(numbersOf(rows), valuesOf(rows), weights);

/** Makes mid-ranks; a row of weight w stands for w equal rows. */
function ranker(values: Float64Array): (weights: Uint32Array) => Float64Array {
  const order = orderOf(values);
  return (weights) => {
    const ranks = new Float64Array(values.length);
    let [start, before] = [0, 0];
    for (const end of order.ends) {
      const group = order.rows.subarray(start, end);
      const weight = group.reduce((sum, row) => sum + weights[row]!, 0);
      for (const row of group) ranks[row] = before + (weight + 1) / 2;
      before += weight;
      start = end;
    }
    return ranks;
  };
}

/** Pearson's correlation of mid-ranks. */
export function correlationOfRanks(x: Float64Array, y: Float64Array): Statistic {
  const [rankX, rankY] = [ranker(x), ranker(y)];
  return (weights) => correlation(rankX(weights), rankY(weights), weights);
}

export const spearman = (rows: Rows): Statistic => correlationOfRanks(numbersOf(rows), valuesOf(rows));

/** Index of each row's group of equal values, ascending from 1. */
function groupIndex(values: Float64Array): Uint32Array {
  const { rows, ends } = orderOf(values);
  const index = new Uint32Array(values.length);
  let start = 0;
  for (const [group, end] of ends.entries()) {
    for (const row of rows.subarray(start, end)) index[row] = group + 1;
    start = end;
  }
  return index;
}

/** Weights summed up to an index, in O(log n) (Fenwick 1994). */
function runningSums(size: number) {
  const tree = new Float64Array(size + 1);
  return {
    add(index: number, weight: number): void {
      for (let i = index; i <= size; i += i & -i) tree[i]! += weight;
    },
    upTo(index: number): number {
      let sum = 0;
      for (let i = index; i > 0; i -= i & -i) sum += tree[i]!;
      return sum;
    },
  };
}

/** Pairs of rows, and pairs within groups of equal values. */
const pairs = (weight: number): number => (weight * (weight - 1)) / 2;
function tiedPairs(groupOf: Uint32Array, weights: Uint32Array): number {
  const size = new Float64Array(groupOf.length + 1);
  groupOf.forEach((group, row) => (size[group]! += weights[row]!));
  return size.reduce((sum, weight) => sum + pairs(weight), 0);
}

/** Kendall's tau-b: pairs in the same order less pairs in opposite order, corrected for ties; O(n log n). */
export function kendall(rows: Rows): Statistic {
  const order = orderOf(numbersOf(rows));
  const [x, y] = [groupIndex(numbersOf(rows)), groupIndex(valuesOf(rows))];
  return (weights) => {
    const seen = runningSums(y.length);
    let [start, before, balance] = [0, 0, 0];
    for (const end of order.ends) {
      const group = order.rows.subarray(start, end);
      for (const row of group) {
        const [below, upTo] = [seen.upTo(y[row]! - 1), seen.upTo(y[row]!)];
        balance += weights[row]! * (below - (before - upTo));
      }
      for (const row of group) {
        seen.add(y[row]!, weights[row]!);
        before += weights[row]!;
      }
      start = end;
    }
    const spread = (pairs(before) - tiedPairs(x, weights)) * (pairs(before) - tiedPairs(y, weights));
    return spread === 0 ? constantInput : balance / Math.sqrt(spread);
  };
}
