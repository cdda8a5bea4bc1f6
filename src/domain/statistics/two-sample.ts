import { mean, variance } from "./intervals.ts";
import { kolmogorovSurvival, normalSurvival, tCdf } from "./special.ts";

/** Two samples, each ascending. */
interface Sorted {
  x: Float64Array;
  y: Float64Array;
}

const sorted = (x: Float64Array, y: Float64Array): Sorted => ({ x: x.toSorted(), y: y.toSorted() });

/** Visits every distinct value of two samples in ascending order with how many of each are at most as large. */
function walk({ x, y }: Sorted, visit: (value: number, ofX: number, ofY: number) => void): void {
  let [i, j] = [0, 0];
  while (i < x.length || j < y.length) {
    const value = Math.min(x[i] ?? Number.POSITIVE_INFINITY, y[j] ?? Number.POSITIVE_INFINITY);
    while (x[i] === value) i++;
    while (y[j] === value) j++;
    visit(value, i, j);
  }
}

/** Two samples that are compared by their distribution functions. */
interface KolmogorovSmirnov {
  /** Greatest distance of the two empirical distribution functions. */
  distance: number;
  /** Two-sided p value by the distribution of the distance under random order; too large, never too small, with ties. */
  exactP(): number;
  /** Two-sided p value by Kolmogorov's limit. */
  limitP: number;
}

/**
 * Share of the orders of n and m values in which the distance reaches `steps` of the n m steps that it is counted in
 * (Kim and Jennrich 1973): a path to (i, j) came from (i - 1, j) with the chance i / (i + j). Adds chances of being
 * outside, so that a small share keeps its digits. O(n m).
 */
function shareReaching(steps: number, n: number, m: number): number {
  const outside = new Float64Array(m + 1);
  for (let i = 0; i <= n; i++)
    for (let j = 0; j <= m; j++) {
      if (Math.abs(i * m - j * n) >= steps) outside[j] = 1;
      else if (i + j > 0) outside[j] = (i * outside[j]! + j * (outside[j - 1] ?? 0)) / (i + j);
    }
  return outside[m]!;
}

/** Kolmogorov and Smirnov's test of two samples of finite values, neither empty. */
export function kolmogorovSmirnov(x: Float64Array, y: Float64Array): KolmogorovSmirnov {
  const [n, m] = [x.length, y.length];
  // Counted in whole steps of 1 / (n m): equal distances must not differ by rounding.
  let steps = 0;
  walk(sorted(x, y), (_, ofX, ofY) => {
    steps = Math.max(steps, Math.abs(ofX * m - ofY * n));
  });
  const distance = steps / (n * m);
  return {
    distance,
    exactP: () => shareReaching(steps, n, m),
    limitP: kolmogorovSurvival(Math.sqrt((n * m) / (n + m)) * distance),
  };
}

/** Area between two empirical distribution functions: the first Wasserstein distance, in the unit of the values. */
export function wasserstein(x: Float64Array, y: Float64Array): number {
  let [area, before, apart] = [0, 0, 0];
  walk(sorted(x, y), (value, ofX, ofY) => {
    if (apart > 0) area += apart * (value - before);
    [before, apart] = [value, Math.abs(ofX / x.length - ofY / y.length)];
  });
  return area;
}

/** The rank test of two samples. */
interface MannWhitney {
  /** Pairs in which x is the larger, ties half. */
  u: number;
  /** U as a share of all pairs: the chance that a value of x is the larger (common-language effect size). */
  effect: number;
  /** Two-sided p value, normal with continuity and ties corrected; 1 when all values are equal. */
  p: number;
  /** Two-sided p value from all orders; null with ties, or when both samples have more than 8 values. */
  exactP: number | null;
}

const mostForExact = 8;

/** P(U >= u) for n <= 8 values among m without ties, from the coefficients of the Gaussian binomial. */
function rankSumTail(u: number, n: number, m: number): number {
  const degree = n * m - u;
  const ways = Array.from({ length: degree + 1 }, (_, k) => BigInt(k === 0));
  let all = 1n;
  for (let i = 1; i <= n; i++) {
    for (let k = degree; k >= m + i; k--) ways[k]! -= ways[k - m - i]!;
    for (let k = i; k <= degree; k++) ways[k]! += ways[k - i]!;
    all = (all * BigInt(m + i)) / BigInt(i);
  }
  return Number(ways.reduce((sum, count) => sum + count, 0n)) / Number(all);
}

/** Mann and Whitney's test of two samples of finite values, neither empty. */
export function mannWhitney(x: Float64Array, y: Float64Array): MannWhitney {
  const [n, m] = [x.length, y.length];
  let [u, ties, xBefore, yBefore] = [0, 0, 0, 0];
  walk(sorted(x, y), (_, ofX, ofY) => {
    const size = ofX - xBefore + ofY - yBefore;
    u += (ofX - xBefore) * (yBefore + (ofY - yBefore) / 2);
    ties += size ** 3 - size;
    [xBefore, yBefore] = [ofX, ofY];
  });
  const all = n + m;
  const spread = Math.sqrt(((n * m) / 12) * (all + 1 - ties / (all * (all - 1))));
  const upper = Math.max(u, n * m - u);
  const few = Math.min(n, m);
  return {
    u,
    effect: u / (n * m),
    p: spread > 0 ? Math.min(1, 2 * normalSurvival((upper - (n * m) / 2 - 0.5) / spread)) : 1,
    exactP: ties === 0 && few <= mostForExact ? Math.min(1, 2 * rankSumTail(upper, few, Math.max(n, m))) : null,
  };
}

/** Of all differences x - y: how many are at most `limit`, the largest of them, and the smallest above. */
function around({ x, y }: Sorted, limit: number): { count: number; below: number; above: number } {
  let [count, below, above] = [0, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
  let first = 0;
  for (const value of x) {
    // Rounded differences fall as y rises and rise with x, so the first y within the limit only moves up.
    while (first < y.length && value - y[first]! > limit) first++;
    if (first < y.length) below = Math.max(below, value - y[first]!);
    if (first > 0) above = Math.min(above, value - y[first - 1]!);
    count += y.length - first;
  }
  return { count, below, above };
}

/** The k-th smallest of all differences x - y, counted from 1, without making them all. */
function difference(samples: Sorted, k: number): number {
  const { x, y } = samples;
  let [low, high] = [x[0]! - y.at(-1)!, x.at(-1)! - y[0]!];
  while (low < high) {
    const middle = low / 2 + high / 2;
    const { count, below, above } = around(samples, middle < high ? middle : low);
    if (count >= k) high = below;
    else low = above;
  }
  return low;
}

/** Hodges and Lehmann's shift of x against y (1963): the median of all differences x - y. Neither may be empty. */
export function hodgesLehmann(x: Float64Array, y: Float64Array): number {
  const samples = sorted(x, y);
  const pairs = x.length * y.length;
  const upper = difference(samples, Math.floor(pairs / 2) + 1);
  return pairs % 2 === 1 ? upper : (difference(samples, pairs / 2) + upper) / 2;
}

/** Welch's t test of two means (1947), two-sided. NaN for one value, and where both are constant and equal. */
export function welch(x: Float64Array, y: Float64Array): { t: number; df: number; p: number } {
  // Shares no offset with the values: means of 1e9 and a little would lose the little.
  const origin = x[0]!;
  const [a, b] = [x, y].map((values) => values.map((value) => value - origin));
  const [own, other] = [variance(a!) / x.length, variance(b!) / y.length];
  const t = (mean(a!) - mean(b!)) / Math.sqrt(own + other);
  const spread = own ** 2 / (x.length - 1) + other ** 2 / (y.length - 1);
  const degrees = (own + other) ** 2 / spread;
  // Without any spread, or with one value, every number of degrees says the same.
  const df = Number.isNaN(degrees) ? 1 : degrees;
  return { t, df, p: 2 * tCdf(-Math.abs(t), df) };
}
