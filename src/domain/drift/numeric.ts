import { isUndefined, type Undefined, type Value } from "../metrics/metric.ts";
import { mean } from "../statistics/intervals.ts";
import { chi2Quantile } from "../statistics/special.ts";
import { kolmogorovSmirnov, wasserstein } from "../statistics/two-sample.ts";
import { type Distances, distances } from "./shares.ts";

/** The p-quantile of ascending values by linear interpolation (type 7), from whichever of its neighbours is nearer. */
function quantile(sorted: Float64Array, p: number): number {
  const position = (sorted.length - 1) * p;
  const below = Math.floor(position);
  const part = position - below;
  const [a, b] = [sorted[below]!, sorted[Math.min(below + 1, sorted.length - 1)]!];
  return part < 0.5 ? a + (b - a) * part : b - (b - a) * (1 - part);
}

/**
 * Inner edges that cut a reference of at least one value into `bins` parts of about equal counts; fewer where values
 * repeat. Only the reference is asked: edges that the current values have a say in let one huge value hide a shift.
 */
export function quantileEdges(reference: Float64Array, bins = 10): Float64Array {
  const sorted = reference.toSorted();
  const edges = Array.from({ length: bins - 1 }, (_, i) => quantile(sorted, (i + 1) / bins));
  return Float64Array.from(new Set(edges));
}

/** How many values fall between ascending inner edges. A value on an edge belongs to the bin below; the outer bins are open. */
export function binCounts(values: Float64Array, edges: Float64Array): Uint32Array {
  const counts = new Uint32Array(edges.length + 1);
  for (const value of values) {
    let [low, high] = [0, edges.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (edges[middle]! < value) low = middle + 1;
      else high = middle;
    }
    counts[low]!++;
  }
  return counts;
}

/**
 * What the population stability index of `bins` bins exceeds with a chance of alpha when nothing has changed
 * (Yurdakul 2018). Fixed limits such as 0.1 are exceeded by chance in small samples. 0 for one bin.
 */
export const psiCritical = (n: number, m: number, { bins, alpha }: { bins: number; alpha: number }): number =>
  bins < 2 ? 0 : (1 / n + 1 / m) * chi2Quantile(1 - alpha, bins - 1);

/** The population standard deviation, or that there is no spread. */
function spread(values: Float64Array): Value {
  // Rounding of the mean would give equal values a spread.
  const origin = values[0]!;
  if (values.every((value) => value === origin)) return { undefined: "zero_spread" };
  const moved = values.map((value) => value - origin);
  const centre = mean(moved);
  return Math.sqrt(mean(moved.map((value) => (value - centre) ** 2)));
}

/** How far a numeric feature has moved from its reference. */
export interface NumericDrift extends Distances {
  edges: Float64Array;
  referenceCounts: Uint32Array;
  currentCounts: Uint32Array;
  /** See {@link psiCritical}. */
  psiCritical: number;
  /** First Wasserstein distance in the unit of the feature. */
  wasserstein: number;
  /** In standard deviations of the reference. */
  wassersteinNormalised: Value;
  /** The same with both sides held within the reference's 0.1 % and 99.9 % quantiles: one huge value is no drift. */
  wassersteinWinsorised: Value;
  /** Kolmogorov and Smirnov's distance, and its p value by their limit. */
  ks: { distance: number; p: number };
}

/** Both samples held within the quantiles of the reference. */
function winsorised(reference: Float64Array, current: Float64Array): [Float64Array, Float64Array] {
  const sorted = reference.toSorted();
  const [least, most] = [quantile(sorted, 0.001), quantile(sorted, 0.999)];
  const within = (values: Float64Array) => values.map((value) => Math.min(most, Math.max(least, value)));
  return [within(reference), within(current)];
}

/** Distance in standard deviations of the reference. */
function normalised(reference: Float64Array, current: Float64Array): Value {
  const unit = spread(reference);
  return isUndefined(unit) ? unit : wasserstein(reference, current) / unit;
}

/**
 * How far the current values of a numeric feature lie from the reference, in bins of the reference's quantiles.
 * @param reference finite values @param current finite values
 * @param bins bins asked for @param alpha chance that the critical value is exceeded without any change
 */
export function numericDrift(
  reference: Float64Array,
  current: Float64Array,
  { bins = 10, alpha = 0.001 }: { bins?: number; alpha?: number } = {},
): NumericDrift | Undefined {
  if (reference.length === 0 || current.length === 0) return { undefined: "no_rows" };
  const edges = quantileEdges(reference, bins);
  const counts = { reference: binCounts(reference, edges), current: binCounts(current, edges) };
  const { distance, limitP } = kolmogorovSmirnov(reference, current);
  return {
    ...distances(counts),
    edges,
    referenceCounts: counts.reference,
    currentCounts: counts.current,
    psiCritical: psiCritical(reference.length, current.length, { bins: edges.length + 1, alpha }),
    wasserstein: wasserstein(reference, current),
    wassersteinNormalised: normalised(reference, current),
    wassersteinWinsorised: normalised(...winsorised(reference, current)),
    ks: { distance, p: limitP },
  };
}
