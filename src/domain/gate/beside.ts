import { shareOf, type TimesOf, type WorthOf } from "../metrics/load.ts";
import type { RunMetric } from "../metrics/metric.ts";
import type { LoadEvent, LoadRun } from "../observations/observations.ts";
import { resample } from "../statistics/bootstrap.ts";
import { mean, variance } from "../statistics/intervals.ts";
import { blockCount, designEffect } from "../statistics/load-numbers.ts";
import { newcombeLower, newcombeUpper } from "../statistics/newcombe.ts";
import { tQuantile } from "../statistics/special.ts";
import { type Asked, type Bounds, meanBounds, without } from "./bounds.ts";
import { ratioMethod } from "./result.ts";

/** The load of the candidate and of the champion, put on them block by block in turn. */
export interface Sides {
  candidate: LoadRun;
  champion: LoadRun;
}

/** What is contrasted, and how resampling is asked. `ratio`: value over reference, else value - mul * reference. */
export interface Contrast {
  metric: RunMetric;
  stat: string | null;
  mul: number;
  ratio: boolean;
  seed: string;
  replicates: number;
}

/** The block of a request of a run that took turns. */
const blockOf = ({ intended }: LoadEvent, { blockMilliseconds }: LoadRun): number =>
  Math.min(blockCount - 1, Math.floor(intended / (blockMilliseconds ?? Number.POSITIVE_INFINITY)));

/** Makes the percentile of a run in which block b counts as often as `weights[b]`. NaN when nothing counts. */
function weightedPercentile(run: LoadRun, timesOf: TimesOf, share: number) {
  const times = run.events.flatMap((event) => timesOf(event).map((ms) => ({ ms, block: blockOf(event, run) })));
  const falling = times.toSorted((a, b) => b.ms - a.ms || a.block - b.block);
  const sizes = new Float64Array(blockCount);
  for (const { block } of times) sizes[block]!++;
  return (weights: Uint32Array): number => {
    const total = sizes.reduce((sum, size, block) => sum + size * weights[block]!, 0);
    // The k-th of the ascending values, k = ceil(p n), from above: high percentiles are found after a few steps.
    let left = total - Math.max(1, Math.ceil(share * total - 1e-9));
    for (const { ms, block } of falling) {
      left -= weights[block]!;
      if (left < 0) return ms;
    }
    return Number.NaN;
  };
}

/** How often each block was drawn; each once for the sample itself. */
function weightsOf(indices: Int32Array | null): Uint32Array {
  const weights = new Uint32Array(blockCount);
  if (!indices) return weights.fill(1);
  for (const block of indices) weights[block]!++;
  return weights;
}

/**
 * Bounds of the ratio of two percentiles, or of a difference in ms where the check gives one. Blocks that stood beside each
 * other are drawn together; the spread of the statistic (of its logarithm for a ratio) over the draws is its standard error, and
 * Student's t with one degree of freedom less than blocks makes the bounds: percentiles of so few blocks alone promote
 * 7 in 100 on the bound. A failed request took forever.
 */
function percentileBounds(
  { candidate, champion }: Sides,
  timesOf: TimesOf,
  { stat, mul, seed, replicates, ratio }: Contrast,
  confidence: number,
): Bounds & { estimate: number } {
  const method = ratio ? ratioMethod : "block-difference";
  const share = shareOf(stat!)!;
  const [own, other] = [candidate, champion].map((run) => weightedPercentile(run, timesOf, share)) as [Of, Of];
  const statistic = (indices: Int32Array | null): number => {
    const weights = weightsOf(indices);
    const [a, b] = [own(weights), other(weights)];
    return ratio ? Math.log(a / b) : a - mul * b;
  };
  const back = ratio ? Math.exp : Number;
  const theta = statistic(null);
  const drawn = resample({ n: blockCount, replicates, seed, statistic });
  const undefinedSeen = !Number.isFinite(theta) || !drawn.every(Number.isFinite);
  if (undefinedSeen) return { ...without(method, "failures_reach"), estimate: back(theta) };
  if (drawn.every((value) => value === drawn[0])) return { ...without(method, "degenerate"), estimate: back(theta) };
  const error = Math.sqrt((variance(drawn) * blockCount) / (blockCount - 1));
  const reach = tQuantile(confidence, blockCount - 1) * error;
  const [lower, upper] = [back(theta - reach), back(theta + reach)];
  return { method, lower, upper, tail: null, B: replicates, seed, estimate: back(theta) };
}

type Of = (weights: Uint32Array) => number;

/** Newcombe's bounds of a difference of failure rates, each rate on as many requests as its bursts leave independent. */
function failureBounds({ candidate, champion }: Sides, { confidence }: Asked): Bounds {
  const [own, other] = [candidate, champion].map(({ events }) => {
    const failed = events.map(({ ok }) => !ok);
    const effect = designEffect(failed, blockCount).designEffect;
    return { k: failed.filter(Boolean).length / effect, n: failed.length / effect };
  }) as [{ k: number; n: number }, { k: number; n: number }];
  const [lower, upper] = [newcombeLower(own, other, confidence), newcombeUpper(own, other, confidence)];
  return { method: "newcombe", lower, upper, tail: null, B: null, seed: null };
}

/** What requests of each block add to a rate, per second. */
function ratesOf(run: LoadRun, worth: WorthOf): Float64Array {
  const sums = new Float64Array(blockCount);
  for (const event of run.events) sums[blockOf(event, run)]! += worth(event, run);
  return sums.map((sum) => (sum / run.blockMilliseconds!) * 1000);
}

/** Bounds of the contrast of candidate and champion under load, and the estimate they lie about. */
export function besideBounds(sides: Sides, contrast: Contrast, asked: Asked): Bounds & { estimate?: number } {
  const { metric, stat, mul } = contrast;
  const { bound } = metric;
  if (bound.kind === "none") return without(null, "no_bound");
  if (bound.kind === "binomial") return mul === 1 ? failureBounds(sides, asked) : without(null, "no_bound");
  if (bound.kind === "rate") {
    const [own, other] = [ratesOf(sides.candidate, bound.worth), ratesOf(sides.champion, bound.worth)];
    const differences = own.map((rate, block) => rate - mul * other[block]!);
    return { ...meanBounds(differences, asked), method: "t-blocks", estimate: mean(differences) };
  }
  if (stat === null || shareOf(stat) === null) return without(null, "no_bound");
  return percentileBounds(sides, bound.timesOf, contrast, asked.confidence);
}
