import { mean } from "./intervals.ts";
import { xoshiro } from "./prng.ts";
import { normalCdf, normalQuantile } from "./special.ts";

/** A number computed from some rows of a sample, with repeats; from all of them once when `indices` is null. */
export type Statistic = (indices: Int32Array | null) => number;

/** The statistic on `replicates` samples of n rows drawn with replacement, one generator, replicate after replicate. */
export function resample(asked: { n: number; replicates: number; seed: string; statistic: Statistic }): Float64Array {
  const { below } = xoshiro(asked.seed);
  const indices = new Int32Array(asked.n);
  return Float64Array.from({ length: asked.replicates }, () => {
    for (let i = 0; i < asked.n; i++) indices[i] = below(asked.n);
    return asked.statistic(indices);
  });
}

/** The statistic without each row in turn; the other rows come in ascending order. */
export function leaveOneOut(n: number, statistic: Statistic): Float64Array {
  const indices = Int32Array.from({ length: n - 1 }, (_, i) => i + 1);
  return Float64Array.from({ length: n }, (_, left) => {
    if (left > 0) indices[left - 1] = left - 1;
    return statistic(indices);
  });
}

/** The p-quantile of ascending values by linear interpolation (type 7 of Hyndman and Fan 1996). */
export function interpolated(sorted: Float64Array, p: number): number {
  const position = (sorted.length - 1) * p;
  const below = Math.floor(position);
  const [a, b] = [sorted[below]!, sorted[Math.min(below + 1, sorted.length - 1)]!];
  return a + (b - a) * (position - below);
}

/** Bounds with what they were corrected by: the bias z0 and the acceleration, 0 where plain percentiles had to serve. */
export interface Bca {
  lower: number;
  upper: number;
  z0: number;
  acceleration: number;
}

/**
 * Bias-corrected and accelerated bounds (Efron 1987), each with the given confidence. Percentiles where the bias has no
 * finite estimate (the estimate outside all replicates) or no row moves the statistic.
 */
export function bca(
  { theta, replicates, jackknife }: { theta: number; replicates: Float64Array; jackknife: Float64Array },
  confidence: number,
): Bca {
  const sorted = replicates.toSorted();
  const share = mean(replicates.map((value) => (value < theta ? 1 : value === theta ? 0.5 : 0)));
  const centre = mean(jackknife);
  const moves = jackknife.map((value) => centre - value);
  const squares = moves.reduce((sum, move) => sum + move ** 2, 0);
  const cubes = moves.reduce((sum, move) => sum + move ** 3, 0);
  const corrected = share > 0 && share < 1 && jackknife.some((value) => value !== jackknife[0]);
  const z0 = corrected ? normalQuantile(share) : 0;
  const acceleration = corrected ? cubes / (6 * squares ** 1.5) : 0;
  const at = (p: number): number => {
    if (!corrected) return interpolated(sorted, p);
    const shifted = z0 + normalQuantile(p);
    const scale = 1 - acceleration * shifted;
    // Beyond its pole the correction would turn a bound to the other side.
    if (scale <= 0) return interpolated(sorted, shifted > 0 ? 1 : 0);
    return interpolated(sorted, normalCdf(z0 + shifted / scale));
  };
  return { lower: at(1 - confidence), upper: at(confidence), z0, acceleration };
}

/**
 * One-sided bootstrap bounds of a statistic of n rows, each with the full confidence.
 * `degenerate`: all replicates are equal, so the bounds say nothing. Both bounds are NaN when the statistic is undefined
 * (NaN) on the sample, on any replicate or without any row.
 */
export function bcaBounds(options: {
  n: number;
  replicates: number;
  seed: string;
  statistic: Statistic;
  confidence: number;
}): { lower: number; upper: number; degenerate: boolean } {
  const theta = options.statistic(null);
  const replicates = resample(options);
  if (Number.isNaN(theta) || replicates.some(Number.isNaN))
    return { lower: Number.NaN, upper: Number.NaN, degenerate: false };
  if (replicates.every((value) => value === replicates[0]))
    return { lower: replicates[0]!, upper: replicates[0]!, degenerate: true };
  const { lower, upper } = bca(
    { theta, replicates, jackknife: leaveOneOut(options.n, options.statistic) },
    options.confidence,
  );
  return { lower, upper, degenerate: false };
}
