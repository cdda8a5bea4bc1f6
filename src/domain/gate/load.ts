import { blockRates, latencies, shareOf } from "../metrics/load.ts";
import { isUndefined, type RunMetric } from "../metrics/metric.ts";
import type { LoadRun } from "../observations/observations.ts";
import { isClosed } from "../schedule.ts";
import { clopperPearsonLower, clopperPearsonUpper, meanLower, meanUpper } from "../statistics/intervals.ts";
import { designEffect } from "../statistics/load-numbers.ts";
import { rowsAboveFloor, zeroErrorRows } from "../statistics/power.ts";
import { normalQuantile, tQuantile } from "../statistics/special.ts";
import { rateBounds } from "./bounds.ts";
import { power, settling } from "./needs.ts";
import type { ParsedCheck } from "./parse.ts";
import { blank, type Finding } from "./result.ts";
import { holds, lowIsBad, withBounds } from "./rule.ts";

const blocks = 20;

interface Asked {
  check: ParsedCheck;
  confidence: number;
  bound: number;
}

/** Least whole number from 0 to `most` for which a condition that once true stays true holds; `most + 1` when none. */
function firstWhere(most: number, condition: (k: number) => boolean): number {
  let [low, high] = [0, most + 1];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (condition(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/**
 * The design effect by which counts are divided. What a few blocks show of a spread is itself uncertain, so that Student's t
 * takes the place of the normal quantile, with the blocks in which any request was late as its values. 1 without bursts.
 */
function burstiness(late: readonly number[], confidence: number): number {
  const { designEffect: effect } = designEffect(late, blocks);
  if (effect === 1) return 1;
  const telling = new Set(late.flatMap((one, i) => (one > 0 ? [Math.floor((i * blocks) / late.length)] : []))).size;
  const sure = Math.max(confidence, 0.75); // At 50 % both quantiles are 0.
  return effect * (tQuantile(sure, Math.max(1, telling - 1)) / normalQuantile(sure)) ** 2;
}

/**
 * Bounds of a latency percentile: the order statistics at which the one-sided Clopper-Pearson bounds of the share of
 * requests over, or failed, cross 1 - p. Requests come in bursts, so both counts are divided by the design effect that
 * the share over the asked bound shows in 20 blocks (one request over shows no burst). With a design effect of 1 this is
 * LoadGen's early stopping rule.
 */
function latencyBounds(load: LoadRun, { check, confidence, bound }: Asked): Partial<Finding> {
  const share = 1 - shareOf(check.stat!)!;
  const sorted = latencies(load);
  const n = sorted.length;
  const late = load.events
    .toSorted((a, b) => a.intended - b.intended)
    .map(({ intended, done, ok }) => (ok && done - intended <= bound ? 0 : 1));
  const over = late.reduce<number>((sum, one) => sum + one, 0);
  const effect = over > 1 ? burstiness(late, confidence) : 1;
  const surelyNotUnder = firstWhere(n, (k) => clopperPearsonUpper(k / effect, n / effect, confidence) > share);
  const surelyOver = firstWhere(n, (k) => clopperPearsonLower(k / effect, n / effect, confidence) > share);
  const rows =
    over === 0
      ? zeroErrorRows(share, confidence) * effect
      : rowsAboveFloor({ p0: share, p1: over / n, alpha: 1 - confidence, power }) * effect;
  return {
    method: "binomial",
    upper: sorted[n - surelyNotUnder] ?? Number.POSITIVE_INFINITY,
    lower: sorted[n - surelyOver] ?? 0,
    needsN: Math.ceil(rows),
  };
}

/** Student t bounds of the rate from 20 blocks of time. */
function rateOverTime(load: LoadRun, confidence: number): Partial<Finding> {
  const rates = blockRates(load, blocks);
  return { method: "batch-means-t", lower: meanLower(rates, confidence), upper: meanUpper(rates, confidence) };
}

function failureBounds(load: LoadRun, { check, confidence, bound }: Asked): Partial<Finding> {
  const outcomes = Float64Array.from(load.events, ({ ok }) => (ok ? 0 : 1));
  const { method, lower, upper, tail } = rateBounds(outcomes, { confidence, bound, low: lowIsBad(check.op) });
  return { method, lower, upper, tail };
}

function boundsOf(metric: RunMetric, load: LoadRun, asked: Asked): Partial<Finding> {
  if (metric.bound.kind === "rate") return rateOverTime(load, asked.confidence);
  if (metric.bound.kind === "binomial") return failureBounds(load, asked);
  const percentile = asked.check.stat !== null && shareOf(asked.check.stat) !== null;
  return percentile ? latencyBounds(load, asked) : { status: "error", reason: "no_bound" };
}

/** Judges one comparison on a load run. A run whose generator fell behind says nothing about the model. */
export function judgeLoad(metric: RunMetric, check: ParsedCheck, load: LoadRun | null, least: number): Finding {
  if (load === null) return { ...blank, reason: "no_load" };
  if (metric.fromIntended && isClosed(load.profile) && load.allowClosed !== true)
    return { ...blank, reason: "closed_loop" };
  if (check.right.kind === "ref") return { ...blank, reason: "champion_unavailable" };
  const bound = check.right.value;
  const n = load.events.length;
  const value = metric.compute(load, check.stat);
  const number = isUndefined(value) || !Number.isFinite(value) ? null : value;
  const finding: Finding = { ...blank, status: "inconclusive", value: number, estimate: number, bound, n };
  if (load.inconclusive !== null) return { ...finding, reason: "generator" };
  if (number === null) return { ...finding, reason: isUndefined(value) ? value.undefined : "not_finite" };
  if (check.confidence === null) {
    const status = holds(check.op, number, bound) ? "pass" : "fail";
    return n < least
      ? { ...finding, method: "point", reason: "min_n", needsN: least }
      : { ...finding, method: "point", status };
  }
  const bounds = boundsOf(metric, load, { check, confidence: check.confidence, bound });
  if (bounds.status) return { ...finding, ...bounds };
  const judged = { ...finding, ...bounds };
  if (n < least) return { ...judged, reason: "min_n", needsN: least };
  const status = withBounds(check.op, bound, judged);
  const rows = judged.needsN ?? settling(judged, check)?.rows ?? 0;
  return {
    ...judged,
    status,
    needsN: status === "inconclusive" && Number.isSafeInteger(rows) && rows > n ? rows : null,
  };
}
