import type { LoadSetting } from "../domain/gate/setting.ts";
import { isClosed, type LoadProfile, mostRequests, takesTurns } from "../domain/schedule.ts";
import type { LoadSettings } from "./config.ts";
import { findMaxOf, findMaxProblems } from "./find-max.ts";
import type { Report } from "./report.ts";
import type { Written } from "./schema.ts";

type Load = NonNullable<Written["load"]>;
type Key = Exclude<keyof Load, "profile" | "goodput" | "find-max" | "warmup" | "timeout" | "max-attempts">;

const examples: Partial<Record<Key, string>> = {
  rate: "a rate such as 50/s",
  duration: "a duration such as 20 s",
  arrivals: "the file with the times",
  concurrency: "a whole number such as 8",
};

/** Keys that only some profiles have, and those that they need. */
const keys: Readonly<Record<LoadProfile, { needs: readonly Key[]; may: readonly Key[] }>> = {
  server: { needs: ["rate", "duration"], may: [] },
  constant: { needs: ["rate", "duration"], may: [] },
  replay: { needs: ["arrivals"], may: [] },
  stream: { needs: ["concurrency", "duration"], may: ["allow-closed"] },
  offline: { needs: ["concurrency"], may: ["batch", "items", "allow-closed"] },
};
const profiled: readonly Key[] = ["rate", "duration", "arrivals", "concurrency", "batch", "items", "allow-closed"];

/** Requests that a load sends; undefined where only the server's speed, the data or a file say it. */
function requestsOf({ profile, rate, duration, items, batch = 1 }: Load): number | undefined {
  if ((profile === "server" || profile === "constant") && rate !== undefined && duration !== undefined)
    return (rate * duration) / 1000;
  return profile === "offline" && items !== undefined ? Math.ceil(items / batch) : undefined;
}

/** Keys of `load` that do not fit its profile or each other. */
export function loadProblems(load: Load, report: Report): void {
  const { profile } = load;
  const { needs, may } = keys[profile];
  for (const key of profiled)
    if (load[key] !== undefined && !needs.includes(key) && !may.includes(key))
      report.value(
        ["load", key],
        `load.${key} is given, and the profile ${profile} has none`,
        `Remove it, or write another profile; ${profile} takes ${[...needs, ...may].join(", ")}.`,
      );
  for (const key of needs)
    if (load[key] === undefined)
      report.missing(
        ["load", key],
        `load.${key} is missing`,
        `Add load.${key}: ${examples[key]}; the profile ${profile} needs it.`,
      );
  if (load.goodput && Object.keys(load.goodput).length === 0)
    report.value(["load", "goodput"], "load.goodput has no bound", "Write goodput: { latency: 250 ms }.");
  findMaxProblems(load, report);
  const requests = requestsOf(load) ?? 0;
  if (requests > mostRequests && load.rate !== undefined)
    report.value(
      ["load", "duration"],
      `load.rate and load.duration make ${Math.round(requests)} requests, and at most ${mostRequests} are sent`,
      `At this rate write at most ${Math.floor(mostRequests / load.rate)} s.`,
    );
}

/** What gates can know of a load before it is run; null without one. */
export function loadSetting(load: Load | null | undefined): LoadSetting | null {
  if (!load) return null;
  const requests = requestsOf(load);
  return {
    closed: isClosed(load.profile) && load["allow-closed"] !== true,
    takesTurns: takesTurns(load.profile),
    goodput: load.goodput !== undefined,
    search: load["find-max"] !== undefined,
    ...(requests !== undefined && { requests: Math.floor(requests) }),
  };
}

function planOf({ profile, rate, duration, arrivals, concurrency, batch, items }: Load): LoadSettings["plan"] {
  switch (profile) {
    case "replay":
      return { profile, arrivals: arrivals! };
    case "stream":
      return { profile, concurrency: concurrency!, milliseconds: duration! };
    case "offline":
      return { profile, concurrency: concurrency!, batch: batch ?? 1, items: items ?? null };
    default:
      return { profile, ratePerSecond: rate!, milliseconds: duration! };
  }
}

/** A sound load test with its units resolved. */
export const loadOf = (load: Load): LoadSettings => ({
  plan: planOf(load),
  maxAttempts: load["max-attempts"] ?? 1,
  allowClosed: load["allow-closed"] ?? false,
  goodput: load.goodput
    ? { latency: load.goodput.latency ?? null, ttft: load.goodput.ttft ?? null, tpot: load.goodput.tpot ?? null }
    : null,
  findMax: load["find-max"] ? findMaxOf(load["find-max"]) : null,
  warmupMilliseconds: load.warmup ?? 2000,
  timeoutMilliseconds: load.timeout ?? 30_000,
});
