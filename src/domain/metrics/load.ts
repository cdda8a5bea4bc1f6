import type { LoadEvent, LoadRun } from "../observations/observations.ts";
import { percentile } from "../statistics/load-numbers.ts";
import type { Value } from "./metric.ts";

/** Latencies in ms from the intended send, ascending; a failed request is over any bound. */
export const latencies = ({ events }: LoadRun): Float64Array =>
  Float64Array.from(events, ({ intended, done, ok }) => (ok ? done - intended : Number.POSITIVE_INFINITY)).toSorted();

/** The share a percentile name stands for: `p99.9` → 0.999; null for `mean`, `max`, `min`. */
export const shareOf = (stat: string): number | null => (stat.startsWith("p") ? Number(stat.slice(1)) / 100 : null);

/** A statistic of the latency of successful requests, in ms. Percentiles by nearest rank. */
export function latency(load: LoadRun, stat: string | null): Value {
  const sorted = latencies(load).filter(Number.isFinite);
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

/** When a run began and ended: first intended send and last answer, in ms. */
function span({ events }: LoadRun): { first: number; last: number } {
  let [first, last] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const { intended, done } of events) {
    first = Math.min(first, intended);
    last = Math.max(last, done);
  }
  return { first, last };
}

/** What a request adds to the throughput: its items (one, where it does not say) when it succeeded. */
const itemsOf = ({ ok, items = 1 }: LoadEvent): number => (ok ? items : 0);

/** Successful requests, or items of them, per second, from the first intended send to the last answer. */
export function throughput(load: LoadRun): Value {
  const { first, last } = span(load);
  if (!(last > first)) return { undefined: "no_rows" };
  return (load.events.reduce((sum, event) => sum + itemsOf(event), 0) / (last - first)) * 1000;
}

/** Successful requests, or items of them, per second in each of equal blocks of the run's time. */
export function blockRates(load: LoadRun, blocks: number): Float64Array {
  const { first, last } = span(load);
  const rates = new Float64Array(blocks);
  for (const event of load.events)
    rates[Math.min(Math.floor(((event.done - first) / (last - first)) * blocks), blocks - 1)]! += itemsOf(event);
  return rates.map((count) => (count / ((last - first) / blocks)) * 1000);
}
