import { clopperPearsonLower, clopperPearsonUpper, meanLower, meanUpper } from "../statistics/intervals.ts";
import { delong, delongPaired } from "../statistics/paired-auc.ts";
import { tangoLower, tangoUpper, tangoZ } from "../statistics/paired-binary.ts";
import { binomialCdf, normalCdf, normalQuantile, tCdf, tQuantile } from "../statistics/special.ts";
import type { Finding } from "./result.ts";

/** What bounds are made for. `low`: estimates below `bound` are the bad ones. */
export interface Asked {
  confidence: number;
  bound: number;
  low: boolean;
}

/** Bounds of an estimate, or the reason there are none. */
export type Bounds = Pick<Finding, "method" | "lower" | "upper" | "tail" | "B" | "seed"> & { undefined?: string };

/** Bounds that were made. */
export const made = (method: string, lower: number, upper: number, tail: number | null): Bounds => ({
  method,
  lower,
  upper,
  tail,
  B: null,
  seed: null,
});
/** No bounds, and why. */
export const without = (method: string | null, reason: string): Bounds => ({
  method,
  lower: null,
  upper: null,
  tail: null,
  B: null,
  seed: null,
  undefined: reason,
});

const sumOf = (numbers: Float64Array): number => numbers.reduce((sum, number) => sum + number, 0);

/** Clopper-Pearson bounds of a rate from k of n trials; both may be fractions. */
export function aboutRate(k: number, n: number, { confidence, bound, low }: Asked): Bounds {
  const rate = Math.min(Math.max(bound, 0), 1);
  const tail = low ? binomialCdf(k, n, rate) : binomialCdf(n - k, n, 1 - rate);
  return made("clopper-pearson", clopperPearsonLower(k, n, confidence), clopperPearsonUpper(k, n, confidence), tail);
}

/** Clopper-Pearson bounds of a rate from 0/1 outcomes. */
export const rateBounds = (outcomes: Float64Array, asked: Asked): Bounds =>
  aboutRate(sumOf(outcomes), outcomes.length, asked);

/** Rows on which only the candidate, and only the champion, is right. */
export function discordance(candidate: Float64Array, champion: Float64Array): [number, number] {
  const differing = candidate.map((right, i) => right - champion[i]!);
  return [differing.filter((d) => d > 0).length, differing.filter((d) => d < 0).length];
}

/** Tango's score bounds (1998) of the difference of two paired rates. Without discordant rows a difference of 0 scores 0/0. */
export function pairedRateBounds(
  [b, c]: readonly [number, number],
  n: number,
  { confidence, bound, low }: Asked,
): Bounds {
  const score = tangoZ(b, c, n, Math.min(Math.max(bound, -1), 1));
  const z = Number.isNaN(score) ? 0 : score;
  return made("tango", tangoLower(b, c, n, confidence), tangoUpper(b, c, n, confidence), normalCdf(low ? z : -z));
}

/** Student t bounds of the mean of row scores; needs two rows. */
export function meanBounds(scores: Float64Array, { confidence, bound, low }: Asked): Bounds {
  const n = scores.length;
  if (n < 2) return without("t", "min_n");
  const mean = sumOf(scores) / n;
  const error = Math.sqrt(sumOf(scores.map((score) => (score - mean) ** 2)) / (n - 1) / n);
  const distance = low ? mean - bound : bound - mean;
  const tail = error > 0 ? tCdf(distance / error, n - 1) : distance >= 0 ? 1 : 0;
  return made("t", meanLower(scores, confidence), meanUpper(scores, confidence), tail);
}

/** Fewer positives or negatives than these make no bound of an area. */
export const leastPerClass = 20;
const logit = (p: number): number => Math.log(p / (1 - p));
const expit = (x: number): number => 1 / (1 + Math.exp(-x));

/** Fewer of the two sides of a ranking. */
function rarer(positive: Uint8Array): number {
  const positives = positive.reduce((sum, value) => sum + value, 0);
  return Math.min(positives, positive.length - positives);
}

/**
 * DeLong bounds of an area under the ROC curve on the logit, Student t with min(P, N) - 1 degrees of freedom.
 * A perfect or wholly inverted ranking has no DeLong variance; there min(P, N) disjoint pairs are independent 0/1 trials.
 */
export function aucBounds(positive: Uint8Array, scores: Float64Array, { confidence, bound, low }: Asked): Bounds {
  const rare = rarer(positive);
  if (rare < leastPerClass) return without(null, "min_per_class");
  const { auc, variance } = delong(positive, scores);
  if (auc === 0 || auc === 1)
    return {
      ...rateBounds(new Float64Array(rare).fill(auc), { confidence, bound, low }),
      method: "clopper-pearson-pairs",
    };
  const error = Math.sqrt(variance) / (auc * (1 - auc));
  const step = tQuantile(confidence, rare - 1) * error;
  const distance = logit(auc) - logit(Math.min(Math.max(bound, 0), 1));
  const tail = tCdf((low ? distance : -distance) / error, rare - 1);
  return made("delong-logit-t", expit(logit(auc) - step), expit(logit(auc) + step), tail);
}

/** DeLong bounds, normal, of candidate - mul * champion over the same rows. */
export function pairedAucBounds(
  positive: Uint8Array,
  { candidate, champion, mul }: { candidate: Float64Array; champion: Float64Array; mul: number },
  { confidence, bound, low }: Asked,
): Bounds {
  if (rarer(positive) < leastPerClass) return without(null, "min_per_class");
  const { auc, variance, variances, covariance } = delongPaired(positive, candidate, champion);
  const scaled = variances[0] + mul * mul * variances[1] - 2 * mul * covariance;
  const error = Math.sqrt(Math.max(0, mul === 1 ? variance : scaled));
  const estimate = auc[0] - mul * auc[1];
  const distance = low ? estimate - bound : bound - estimate;
  const tail = error > 0 ? normalCdf(distance / error) : distance >= 0 ? 1 : 0;
  const step = normalQuantile(confidence) * error;
  return made("delong", estimate - step, estimate + step, tail);
}
