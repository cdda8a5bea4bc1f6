import type { SingleCheck } from "./gate/decide.ts";
import { metricNamed } from "./metrics/index.ts";
import { shareOf } from "./metrics/load.ts";
import type { LoadEvent, LoadSearch, Trial } from "./observations/observations.ts";
import { clopperPearsonLower } from "./statistics/intervals.ts";

/** How the greatest rate is looked for at which the objectives hold. Rates per second, times in ms. */
export interface FindMax {
  /** Checks of a load run against numbers, without @. */
  slo: readonly string[];
  from: number;
  to: number;
  /** A rate is near enough to the next one that fails when it is no more than this share below. */
  precision: number;
  trialMilliseconds: number;
  confirmMilliseconds: number;
}

type Told = Pick<Trial, "rate" | "confirming" | "passed">;

const stepsDown = 3;
const confirmations = 2;

/** The rate of the next trial, whether it confirms, or what the search came to. */
type Step = { rate: number; confirming: boolean } | { maxRate: number | null; reason: string | null };

/** After the search: the best rate is tried again, longer and with confidence, and a little less where it does not hold. */
function confirm(best: number, trials: readonly Told[], { from, precision }: FindMax): Step {
  let rate = best;
  let held = 0;
  let down = 0;
  for (const { passed } of trials) {
    if (passed) held++;
    else {
      [rate, held] = [rate / (1 + precision), 0];
      down++;
    }
    if (held === confirmations) return { maxRate: rate, reason: null };
    if (down > stepsDown || rate < from * (1 - 1e-9)) return { maxRate: null, reason: "not_confirmed" };
  }
  return { rate, confirming: true };
}

/**
 * What comes after these trials (gate specification, 2.6): the rate doubles from a passing one until a trial fails or the end is
 * reached, then the middle (of the logarithms) of what held and what did not is tried; the best is confirmed twice.
 */
export function nextStep(trials: readonly Told[], plan: FindMax): Step {
  const { from, to, precision } = plan;
  const searched = trials.filter(({ confirming }) => !confirming);
  const held = searched.filter(({ passed }) => passed).map(({ rate }) => rate);
  const failed = searched.filter(({ passed }) => !passed).map(({ rate }) => rate);
  const low = Math.max(...held);
  const high = Math.min(...failed);
  if (searched.length === 0) return { rate: from, confirming: false };
  if (held.length === 0) return { maxRate: 0, reason: null };
  if (failed.length === 0 && low < to) return { rate: Math.min(2 * low, to), confirming: false };
  if (failed.length > 0 && high / low > 1 + precision) return { rate: Math.sqrt(low * high), confirming: false };
  return confirm(
    low,
    trials.filter(({ confirming }) => confirming),
    plan,
  );
}

/** What a search came to. */
export const searched = (plan: FindMax, trials: readonly Trial[]): LoadSearch => {
  const end = nextStep(trials, plan);
  const { maxRate, reason } = "maxRate" in end ? end : { maxRate: null, reason: "search_stopped" };
  // What the generator could not send says nothing about the model.
  const limited = trials.some(({ generator }) => generator);
  return { ...plan, trials, ...(limited ? { maxRate: null, reason: "search_generator" } : { maxRate, reason }) };
};

/** The bound of a check of a time, and the share of requests that may be over it; null for other checks. */
function timeBound({ parsed }: SingleCheck) {
  const metric = metricNamed(parsed.metric);
  const percentile = parsed.stat === null ? null : shareOf(parsed.stat);
  if (metric?.kind !== "run" || metric.bound.kind !== "latency" || parsed.right.kind !== "value") return null;
  return {
    bound: parsed.right.value,
    share: percentile === null ? null : 1 - percentile,
    timesOf: metric.bound.timesOf,
  };
}

/** The tightest bound of a time among checks, in ms; null without one. */
export function tightestTime(slo: readonly SingleCheck[]): number | null {
  const bounds = slo.flatMap((check) => timeBound(check)?.bound ?? []);
  return bounds.length === 0 ? null : Math.min(...bounds);
}

/** Most requests that may wait for an answer when the tightest bound is to be held; infinite without one. */
export function mostWaiting(rate: number, slo: readonly SingleCheck[]): number {
  const bound = tightestTime(slo);
  return bound === null ? Number.POSITIVE_INFINITY : Math.max(16, (4 * rate * bound) / 1000);
}

const surely = 0.999;

/** An objective that the requests so far have surely missed, or null. */
export function surelyMissed(events: readonly LoadEvent[], slo: readonly SingleCheck[]): string | null {
  const missed = slo.find((check) => {
    const time = timeBound(check);
    const { right, metric } = check.parsed;
    const rate = metric === "error_rate" && right.kind === "value" ? right.value : null;
    const share = time ? time.share : rate;
    if (share === null) return false;
    const over = time ? events.flatMap(time.timesOf).map((ms) => ms > time.bound) : events.map(({ ok }) => !ok);
    return over.length > 0 && clopperPearsonLower(over.filter(Boolean).length, over.length, surely) > share;
  });
  return missed?.text ?? null;
}
