import { blockRates, shareOf, type TimesOf, type WorthOf } from "../metrics/load.ts";
import { isUndefined, type RunMetric } from "../metrics/metric.ts";
import type { LoadRun } from "../observations/observations.ts";
import { isClosed } from "../schedule.ts";
import { clopperPearsonLower, clopperPearsonUpper, meanLower, meanUpper } from "../statistics/intervals.ts";
import { blockCount, designEffect } from "../statistics/load-numbers.ts";
import { rowsAboveFloor, zeroErrorRows } from "../statistics/power.ts";
import { normalQuantile, tQuantile } from "../statistics/special.ts";
import { besideBounds } from "./beside.ts";
import { rateBounds } from "./bounds.ts";
import { power, settling } from "./needs.ts";
import type { ParsedCheck } from "./parse.ts";
import { blank, type Finding } from "./result.ts";
import { holds, lowIsBad, withBounds } from "./rule.ts";

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
  const { designEffect: effect } = designEffect(late, blockCount);
  if (effect === 1) return 1;
  const telling = new Set(late.flatMap((one, i) => (one > 0 ? [Math.floor((i * blockCount) / late.length)] : []))).size;
  const sure = Math.max(confidence, 0.75); // At 50 % both quantiles are 0.
  return effect * (tQuantile(sure, Math.max(1, telling - 1)) / normalQuantile(sure)) ** 2;
}

/**
 * Bounds of a latency percentile: the order statistics at which the one-sided Clopper-Pearson bounds of the share of
 * requests over, or failed, cross 1 - p. Requests come in bursts, so both counts are divided by the design effect that
 * the share over the asked bound shows in 20 blocks (one request over shows no burst). With a design effect of 1 this is
 * LoadGen's early stopping rule.
 */
function latencyBounds(load: LoadRun, timesOf: TimesOf, { check, confidence, bound }: Asked): Partial<Finding> {
  const share = 1 - shareOf(check.stat!)!;
  const times = load.events.toSorted((a, b) => a.intended - b.intended).flatMap(timesOf);
  const sorted = Float64Array.from(times).toSorted();
  const n = sorted.length;
  const late = times.map((ms) => (ms <= bound ? 0 : 1));
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
    // One request may give several times: it is requests that somebody can ask for.
    needsN: Math.ceil((rows * load.events.length) / n),
  };
}

/** Student t bounds of the rate from 20 blocks of time. */
function rateOverTime(load: LoadRun, worth: WorthOf, confidence: number): Partial<Finding> {
  const rates = blockRates(load, blockCount, worth);
  return { method: "batch-means-t", lower: meanLower(rates, confidence), upper: meanUpper(rates, confidence) };
}

function failureBounds(load: LoadRun, { check, confidence, bound }: Asked): Partial<Finding> {
  const outcomes = Float64Array.from(load.events, ({ ok }) => (ok ? 0 : 1));
  const { method, lower, upper, tail } = rateBounds(outcomes, { confidence, bound, low: lowIsBad(check.op) });
  return { method, lower, upper, tail };
}

function boundsOf({ bound }: RunMetric, load: LoadRun, asked: Asked): Partial<Finding> {
  if (bound.kind === "none") return { status: "error", reason: "no_bound" };
  if (bound.kind === "rate") return rateOverTime(load, bound.worth, asked.confidence);
  if (bound.kind === "binomial") return failureBounds(load, asked);
  const percentile = asked.check.stat !== null && shareOf(asked.check.stat) !== null;
  return percentile ? latencyBounds(load, bound.timesOf, asked) : { status: "error", reason: "no_bound" };
}

/** A metric of load runs and how it is asked. */
export interface LoadQuestion {
  metric: RunMetric;
  check: ParsedCheck;
  /** Least number of requests of each run. */
  least: number;
  seed: string;
  replicates: number;
}

/** Runs to judge; `champion` is null when the check compares with a number. */
interface Runs {
  candidate: LoadRun;
  champion: LoadRun | null;
}

/** Why nothing can be said of a run, whatever it measured, or null. */
function unusable(
  { fromIntended, bound }: RunMetric,
  { candidate, champion }: Runs,
): Pick<Finding, "status" | "reason"> | null {
  const runs = champion ? [candidate, champion] : [candidate];
  if (runs.some((run) => fromIntended && isClosed(run.profile) && run.allowClosed !== true))
    return { status: "error", reason: "closed_loop" };
  // A search looks after its own generator.
  if (bound.kind === "none") return null;
  return runs.some(({ inconclusive }) => inconclusive !== null)
    ? { status: "inconclusive", reason: "generator" }
    : null;
}

/** The candidate's value, the champion's, and what is held against what; or why one of them does not exist. */
function valuesOf({ metric, check }: LoadQuestion, { candidate, champion }: Runs) {
  const [value, ref] = [candidate, champion].map((run) => run && metric.compute(run, check.stat));
  const missing = [value, ref].find(isUndefined);
  const of = (one: typeof value): number | null => (typeof one === "number" && Number.isFinite(one) ? one : null);
  const { right } = check;
  const mul = right.kind === "ref" ? right.mul : 0;
  const estimate = of(value) === null ? null : of(value)! - mul * (of(ref) ?? 0);
  const reason = missing
    ? missing.undefined
    : of(value) === null || (champion && of(ref) === null)
      ? "not_finite"
      : null;
  return {
    reason,
    mul,
    value: of(value),
    ref: of(ref),
    estimate,
    bound: right.kind === "ref" ? right.off : right.value,
  };
}

/** What bounds make of a finding. */
function byBounds(finding: Finding, question: LoadQuestion, { candidate, champion }: Runs): Finding {
  const { metric, check, seed, replicates } = question;
  const [confidence, mul] = [check.confidence!, check.right.kind === "ref" ? check.right.mul : 0];
  if (!champion) return { ...finding, ...boundsOf(metric, candidate, { check, confidence, bound: finding.bound! }) };
  const ratio = metric.bound.kind === "latency" && finding.bound === 0;
  const bound = ratio ? mul : finding.bound!;
  const contrast = { metric, stat: check.stat, mul, ratio, seed, replicates };
  const { undefined: missing, ...bounds } = besideBounds({ candidate, champion }, contrast, {
    confidence,
    bound,
    low: lowIsBad(check.op),
  });
  const found = { ...finding, ...bounds, bound };
  if (missing === undefined) return found;
  return { ...found, status: missing === "no_bound" ? "error" : "inconclusive", reason: missing };
}

/** Requests that count: all of them, or those that give a time. */
function counting({ bound }: RunMetric, { events }: LoadRun): number {
  if (bound.kind !== "latency") return events.length;
  return events.filter((event) => bound.timesOf(event).length > 0).length;
}

/** Judges one comparison on load runs. A run whose generator fell behind says nothing about the model. */
export function judgeLoad(question: LoadQuestion, runs: Runs): Finding {
  const { metric, check, least } = question;
  const n = Math.min(...[runs.candidate, runs.champion ?? runs.candidate].map((run) => counting(metric, run)));
  const { reason, mul, ...values } = valuesOf(question, runs);
  const finding: Finding = { ...blank, status: "inconclusive", ...values, n };
  const useless = unusable(metric, runs);
  if (useless) return useless.status === "error" ? { ...blank, ...useless } : { ...finding, ...useless };
  if (reason !== null) return { ...finding, reason };
  if (runs.champion && mul !== 1 && values.ref! <= 0)
    return { ...finding, status: "error", reason: "relative_to_nonpositive" };
  if (check.confidence === null) {
    const status = holds(check.op, values.estimate!, values.bound) ? "pass" : "fail";
    return n < least
      ? { ...finding, method: "point", reason: "min_n", needsN: least }
      : { ...finding, method: "point", status };
  }
  const judged = byBounds(finding, question, runs);
  if (judged.reason !== null) return judged;
  if (n < least) return { ...judged, reason: "min_n", needsN: least };
  const status = withBounds(check.op, judged.bound!, judged);
  const rows = judged.needsN ?? settling(judged, check)?.rows ?? 0;
  return {
    ...judged,
    status,
    needsN: status === "inconclusive" && Number.isSafeInteger(rows) && rows > n ? rows : null,
  };
}
