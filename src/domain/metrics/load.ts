import type { LoadEvent, LoadRun } from "../observations/observations.ts";
import { percentile } from "../statistics/load-numbers.ts";
import type { Value } from "./metric.ts";

/** What times each request gives, in ms; infinite where it failed. */
export type TimesOf = (event: LoadEvent) => readonly number[];

/** The latency of a request from the intended send. */
export const latencyOf: TimesOf = ({ intended, done, ok }) => [ok ? done - intended : Number.POSITIVE_INFINITY];

/** The share a percentile name stands for: `p99.9` → 0.999; null for `mean`, `max`, `min`. */
export const shareOf = (stat: string): number | null => (stat.startsWith("p") ? Number(stat.slice(1)) / 100 : null);

/** A statistic of times of successful requests, in ms. Percentiles by nearest rank. */
export function timeStatistic({ events }: LoadRun, timesOf: TimesOf, stat: string | null): Value {
  const sorted = Float64Array.from(events.flatMap(timesOf)).filter(Number.isFinite).toSorted();
  if (sorted.length === 0) return { undefined: "no_success" };
  if (stat === "max") return sorted.at(-1)!;
  if (stat === "min") return sorted[0]!;
  if (stat === "mean") return sorted.reduce((sum, ms) => sum + ms, 0) / sorted.length;
  const share = stat === null ? null : shareOf(stat);
  return share === null ? { undefined: "no_statistic" } : percentile(sorted, share);
}

/** Failed requests over all requests. */
export function errorRate({ events }: LoadRun): Value {
  if (events.length === 0) return { undefined: "no_rows" };
  return events.filter(({ ok }) => !ok).length / events.length;
}

/** The greatest rate that a search confirmed. */
export function maxRate({ search }: LoadRun): Value {
  if (!search) return { undefined: "no_search" };
  return search.maxRate ?? { undefined: search.reason ?? "no_search" };
}

/** When a run began and ended: first intended send and last answer, in ms. */
function span({ events }: LoadRun): { first: number; last: number } {
  let [first, last] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const { intended, done } of events) {
    first = Math.min(first, intended);
    last = Math.max(last, done);
  }
  return { first, last };
}

/** What a request was worth in a run, for a rate: 0 where it failed. */
export type WorthOf = (event: LoadEvent, load: LoadRun) => number;

/** What a request adds to the throughput: its items (one, where it does not say) when it succeeded. */
export const itemsOf: WorthOf = ({ ok, items = 1 }) => (ok ? items : 0);

/** What requests are worth per second, from the first intended send to the last answer. */
export function overTime(load: LoadRun, worth: WorthOf): Value {
  const { first, last } = span(load);
  if (!(last > first)) return { undefined: "no_rows" };
  return (load.events.reduce((sum, event) => sum + worth(event, load), 0) / (last - first)) * 1000;
}

/** What requests are worth per second in each of equal blocks of the run's time. */
export function blockRates(load: LoadRun, blocks: number, worth: WorthOf): Float64Array {
  const { first, last } = span(load);
  const rates = new Float64Array(blocks);
  for (const event of load.events)
    rates[Math.min(Math.floor(((event.done - first) / (last - first)) * blocks), blocks - 1)]! += worth(event, load);
  return rates.map((count) => (count / ((last - first) / blocks)) * 1000);
}
