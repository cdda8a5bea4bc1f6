import { itemsOf, overTime } from "../domain/metrics/load.ts";
import { isUndefined } from "../domain/metrics/metric.ts";
import type { LoadRun } from "../domain/observations/observations.ts";
import type { Reported } from "../domain/outside/measured.ts";
import { WorldError } from "../domain/problem.ts";
import type { Release } from "../domain/release.ts";
import type { Clock } from "../ports/clock.ts";
import type { Platform } from "../ports/platform.ts";

const apartMilliseconds = 1000;
const removingMilliseconds = 60_000;
const measured = (value: number): Reported => ({ value, scores: null });

/** Memory that is watched until it is asked for. */
export interface MemoryWatch extends AsyncDisposable {
  /** Looks once more, and ends. @returns the most bytes that were seen. */
  end(): Promise<Reported>;
}

/** Looks each second at how much memory what runs takes: a peak between two looks is not seen. */
export function watchMemory(platform: Platform, clock: Clock, signal: AbortSignal): MemoryWatch {
  const over = new AbortController();
  const both = AbortSignal.any([signal, over.signal]);
  let most: number | null = null;
  const look = async (asking: AbortSignal): Promise<void> => {
    // A look that fails is a look less: another one may not.
    const vitals = await platform.vitals?.(asking).catch(() => null);
    const bytes = vitals?.memoryBytes ?? null;
    if (bytes !== null) most = Math.max(most ?? 0, bytes);
  };
  const watching = (async () => {
    while (!both.aborted) {
      await look(both);
      await clock.until(clock.monotonic() + apartMilliseconds, both).catch(() => undefined);
    }
  })();
  const stop = async (): Promise<void> => {
    over.abort();
    await watching;
  };
  return {
    [Symbol.asyncDispose]: stop,
    async end() {
      await stop();
      await look(signal);
      return most === null
        ? { missing: `the platform ${platform.kind} cannot say how much memory it takes` }
        : measured(most);
    },
  };
}

/**
 * Starts a release in a place of its own, where it does not run yet, and takes it away again.
 * @returns milliseconds until it was ready, or why it was not.
 */
export async function coldStart(
  release: Release,
  { beside, clock, signal }: { beside: Platform; clock: Clock; signal: AbortSignal },
): Promise<Reported> {
  try {
    await beside.remove(signal);
    const started = clock.monotonic();
    await beside.deploy(release, signal);
    return measured(clock.monotonic() - started);
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof WorldError)) throw error;
    return { missing: `it could not be started a second time: ${error.message}` };
  } finally {
    await beside.remove(AbortSignal.timeout(removingMilliseconds)).catch(() => undefined);
  }
}

/** What 1,000 answers cost: the price of the time that they took in the load test. */
export function costPer1k(load: LoadRun | null, pricePerHour: number | null): Reported {
  if (load === null || pricePerHour === null) return { missing: "load and evaluate.price-per-hour are needed" };
  if (load.inconclusive !== null)
    return { missing: `the load test says nothing: ${load.inconclusive}`, inconclusive: true };
  const perSecond = overTime(load, itemsOf);
  if (isUndefined(perSecond) || !(perSecond > 0)) return { missing: "no request of the load test succeeded" };
  return measured((pricePerHour / 3600 / perSecond) * 1000);
}
