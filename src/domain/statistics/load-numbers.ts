import type { LoadEvent } from "../observations/observations.ts";
import { betaTails } from "./beta.ts";
import { mean, variance } from "./intervals.ts";

/** Parts of equal time that a run is looked at in. */
export const blockCount = 20;

/** The k-th of n ascending values with k = ceil(p n): never below an observed value, no interpolation. NaN for none. */
export function percentile(sorted: Float64Array, p: number): number {
  // 0.55 * 100 is a little over 55 in floating point; that is not a reason to take the 56th.
  const rank = Math.ceil(p * sorted.length - 1e-9);
  return sorted[Math.max(rank, 1) - 1] ?? Number.NaN;
}

/** What a run of load measured, in ms and per second. Latencies are those of successful requests; NaN when there is none. */
export interface LoadSummary {
  p50: number;
  p95: number;
  p99: number;
  max: number;
  mean: number;
  /** 99th percentile of done - sent: what a closed loop would have called latency. */
  serviceP99: number;
  errors: number;
  errorRate: number;
  /** Answers of any kind per second, from the first intended send to the last answer. */
  achieved: number;
  /** Successes within `slo` per second. */
  goodput: number;
  withinSlo: number;
  /** 99th percentile of sent - intended: how far the generator itself fell behind. */
  lagP99: number;
}

const ascending = (events: readonly LoadEvent[], value: (event: LoadEvent) => number): Float64Array =>
  Float64Array.from(events, value).toSorted();

/** Numbers of a run of at least one request. @param slo latency in ms from the intended send that counts as good */
export function loadSummary(events: readonly LoadEvent[], slo: number): LoadSummary {
  const successes = events.filter(({ ok }) => ok);
  const latency = ascending(successes, ({ intended, done }) => done - intended);
  const service = ascending(successes, ({ sent, done }) => done - sent);
  const lag = ascending(events, ({ intended, sent }) => sent - intended);
  const first = events.reduce((least, { intended }) => Math.min(least, intended), Number.POSITIVE_INFINITY);
  const last = events.reduce((most, { done }) => Math.max(most, done), Number.NEGATIVE_INFINITY);
  const seconds = (last - first) / 1000;
  const withinSlo = latency.filter((ms) => ms <= slo).length;
  const errors = events.length - successes.length;
  return {
    p50: percentile(latency, 0.5),
    p95: percentile(latency, 0.95),
    p99: percentile(latency, 0.99),
    max: percentile(latency, 1),
    mean: mean(latency),
    serviceP99: percentile(service, 0.99),
    errors,
    errorRate: errors / events.length,
    achieved: events.length / seconds,
    goodput: withinSlo / seconds,
    withinSlo,
    lagP99: percentile(lag, 0.99),
  };
}

/** What a stream of tokens measured, in ms. */
export interface StreamNumbers {
  /** Time to the first token, from the intended send. */
  ttft: number;
  /** Time to the last token. */
  endToEnd: number;
  /** Time per token after the first; null for one token. */
  tpot: number | null;
  /** Gaps between arrivals; one arrival may carry several tokens. */
  gaps: number[];
}

/** @param arrivals ms from the intended send at which content came, ascending, at least one @param tokens how many came in all */
export function streamNumbers(arrivals: readonly number[], tokens: number): StreamNumbers {
  const [ttft, endToEnd] = [arrivals[0]!, arrivals.at(-1)!];
  return {
    ttft,
    endToEnd,
    tpot: tokens > 1 ? (endToEnd - ttft) / (tokens - 1) : null,
    gaps: arrivals.slice(1).map((time, i) => time - arrivals[i]!),
  };
}

/**
 * Least number of requests under a latency bound that, with `over` above it, show that the given share is under it:
 * the early stopping of MLPerf LoadGen (loadgen/early_stopping.cc), `tolerance` being its d.
 */
export function leastUnder(asked: { over: number; share: number; tolerance: number; confidence: number }): number {
  const share = asked.share - asked.tolerance;
  // Strictly below; a probability equal to the limit but for its last bit does not count.
  const limit = (1 - asked.confidence) * (1 - 1e-12);
  const shown = (under: number) => betaTails(under, asked.over + 1, share).lower < limit;
  let high = 1;
  while (!shown(high)) high *= 2;
  let low = Math.floor(high / 2);
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (shown(middle)) high = middle;
    else low = middle;
  }
  return high;
}

/**
 * How much less a run of requests tells than as many independent ones, from the spread of the share over blocks of time.
 * @param over whether each request, in order of its intended send, was over the bound
 * @returns the share over, the design effect (1 or more) and the number of independent requests it is worth
 */
export function designEffect(
  over: ArrayLike<number | boolean>,
  blocks: number,
): { share: number; designEffect: number; nEff: number } {
  const n = over.length;
  const values = Float64Array.from<number | boolean>(over, Number);
  const share = mean(values);
  const used = Math.min(blocks, n);
  const shares = Array.from({ length: used }, (_, i) =>
    mean(values.subarray(Math.floor((i * n) / used), Math.floor(((i + 1) * n) / used))),
  );
  const independent = (share * (1 - share)) / (n / used);
  const effect = independent > 0 && used > 1 ? Math.max(1, variance(shares) / independent) : 1;
  return { share, designEffect: effect, nEff: n / effect };
}
