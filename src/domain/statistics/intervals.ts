import { betaQuantile, binomialCdf, binomialSurvival, normalQuantile, tQuantile } from "./special.ts";

/** Confidence of each of two one-sided bounds that together hold with `confidence`. */
const eachSide = (confidence: number): number => (1 + confidence) / 2;

/** One-sided lower bound of a share from k successes in n (Clopper and Pearson 1934); k and n may be fractions. */
export const clopperPearsonLower = (k: number, n: number, confidence: number): number =>
  k <= 0 ? 0 : betaQuantile(1 - confidence, k, n - k + 1);

/** One-sided upper bound of a share from k successes in n (Clopper and Pearson 1934); k and n may be fractions. */
export const clopperPearsonUpper = (k: number, n: number, confidence: number): number =>
  k >= n ? 1 : betaQuantile(confidence, k + 1, n - k);

/** Two-sided Clopper-Pearson interval. */
export const clopperPearson = (k: number, n: number, confidence: number): [number, number] => [
  clopperPearsonLower(k, n, eachSide(confidence)),
  clopperPearsonUpper(k, n, eachSide(confidence)),
];

/** Two-sided score interval of a share (Wilson 1927). */
export function wilson(k: number, n: number, confidence: number): [number, number] {
  const square = normalQuantile(eachSide(confidence)) ** 2;
  const middle = k + square / 2;
  const reach = Math.sqrt(square * ((k * (n - k)) / n + square / 4));
  return [k === 0 ? 0 : (middle - reach) / (n + square), k === n ? 1 : (middle + reach) / (n + square)];
}

export const mean = (values: ArrayLike<number>): number => {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]!;
  return sum / values.length;
};

/** Sample variance, n - 1 in the denominator; NaN for one value. */
export function variance(values: ArrayLike<number>): number {
  const centre = mean(values);
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += (values[i]! - centre) ** 2;
  return sum / (values.length - 1);
}

/** Standard error of the mean of independent values. */
export const standardError = (values: ArrayLike<number>): number => Math.sqrt(variance(values) / values.length);

/** One-sided lower t bound of a mean; NaN for one value. */
export const meanLower = (values: Float64Array, confidence: number): number =>
  mean(values) - tQuantile(confidence, values.length - 1) * standardError(values);

/** One-sided upper t bound of a mean; NaN for one value. */
export const meanUpper = (values: Float64Array, confidence: number): number =>
  mean(values) + tQuantile(confidence, values.length - 1) * standardError(values);

/** Two-sided t interval of a mean. */
export const meanInterval = (values: Float64Array, confidence: number): [number, number] => [
  meanLower(values, eachSide(confidence)),
  meanUpper(values, eachSide(confidence)),
];

/** Standard error of the mean when values of one cluster belong together (Miller 2024, arXiv 2411.00640). */
export function clusteredError(values: Float64Array, clusters: ArrayLike<number | string>): number {
  const centre = mean(values);
  const sums = new Map<number | string, number>();
  values.forEach((value, i) => sums.set(clusters[i]!, (sums.get(clusters[i]!) ?? 0) + value - centre));
  return Math.sqrt([...sums.values()].reduce((sum, residual) => sum + residual ** 2, 0)) / values.length;
}

/** Least k in 0..n at which a condition that stays true becomes true; n + 1 when it never does. */
function firstWhere(n: number, condition: (k: number) => boolean): number {
  let [low, high] = [0, n + 1];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (condition(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/**
 * Order statistics (counted from 1) that bound the p-quantile of n independent values, each with the full confidence:
 * the least rank above it and the greatest below. null where n is too small for such a rank.
 */
export function quantileRanks(
  n: number,
  p: number,
  confidence: number,
): { lower: number | null; upper: number | null } {
  // A probability that equals the confidence, as with one value, must not be lost to its last bit.
  const least = confidence - 1e-12;
  const above = firstWhere(n - 1, (k) => binomialCdf(k, n, p) >= least) + 1;
  const below = firstWhere(n, (k) => binomialSurvival(k, n, p) < least);
  return { lower: below > 0 ? below : null, upper: above <= n ? above : null };
}
