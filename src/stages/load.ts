import type { LoadEvent, LoadRun } from "../domain/observations/observations.ts";
import { type LoadProfile, schedule } from "../domain/schedule.ts";
import { loadSummary } from "../domain/statistics/load-numbers.ts";
import { xoshiro } from "../domain/statistics/prng.ts";
import type { Tensors } from "../domain/tensor.ts";
import type { Clock } from "../ports/clock.ts";
import type { Call, Session } from "../ports/protocol.ts";

export interface LoadOptions {
  profile: LoadProfile;
  ratePerSecond: number;
  milliseconds: number;
  warmupMilliseconds: number;
  timeoutMilliseconds: number;
  /** Tightest latency bound of the gates in ms, for the generator's check of itself; null without one. */
  tightestBound: number | null;
  seed: string;
  session: Session;
  /** Real rows; their inputs are sent in a seeded order, over and over. */
  inputs: readonly Tensors[];
  clock: Clock;
  signal: AbortSignal;
  progress: (share: number) => void;
}

/** Requests in flight at most: beyond it the client, not the server, is the limit, and the run says so. */
const inFlightLimit = 4096;
const payloadLimit = 2000;

interface Sending {
  start: number;
  times: readonly number[];
  record: boolean;
}

/** Sends on schedule and never waits for an answer before the next send. */
async function sendAll(
  { start, times, record }: Sending,
  calls: readonly Call[],
  options: LoadOptions,
): Promise<{ events: LoadEvent[]; unsent: number }> {
  const { clock, signal, timeoutMilliseconds } = options;
  const events: LoadEvent[] = [];
  const flying = new Set<Promise<void>>();
  let unsent = 0;
  const one = async (call: Call, intended: number): Promise<void> => {
    const left = clock.monotonic();
    try {
      const answer = await call.send(AbortSignal.any([signal, AbortSignal.timeout(timeoutMilliseconds)]));
      events.push({ intended, sent: answer.sent - start, done: answer.done - start, ok: true });
    } catch {
      // An abort ends the run where it waits; nobody waits for this request yet.
      if (signal.aborted) return;
      events.push({ intended, sent: left - start, done: Math.max(clock.monotonic() - start, intended), ok: false });
    }
  };
  for (const [index, intended] of times.entries()) {
    await clock.until(start + intended, signal);
    if (flying.size >= inFlightLimit) {
      unsent++;
      continue;
    }
    const flight = one(calls[index % calls.length]!, intended).finally(() => flying.delete(flight));
    flying.add(flight);
    if (record) options.progress((index + 1) / times.length);
  }
  await Promise.all(flying);
  signal.throwIfAborted();
  return { events, unsent };
}

/** Why the generator, not the model, shaped the numbers, or null (gate specification, 2.4). */
function selfCheck(
  events: readonly LoadEvent[],
  { planned, unsent }: { planned: number; unsent: number },
  { milliseconds, tightestBound }: LoadOptions,
): string | null {
  if (planned === 0) return "the schedule is empty: raise the rate or the duration";
  const capped = `${unsent} of ${planned} requests were not sent: ${inFlightLimit} were in flight already`;
  if (unsent > 0.01 * planned) return capped;
  const { achieved, lagP99 } = loadSummary(events, Number.POSITIVE_INFINITY);
  const offered = planned / (milliseconds / 1000);
  if (unsent > 0 && achieved < 0.98 * offered)
    return `${capped}, and ${achieved.toFixed(1)} of ${offered.toFixed(1)} a second were answered`;
  const allowed = Math.max(2, 0.05 * (tightestBound ?? 0));
  return lagP99 > allowed
    ? `the generator lagged: p99 of sent minus intended is ${lagP99.toFixed(1)} ms, and ${allowed.toFixed(1)} ms is allowed`
    : null;
}

/**
 * An open-loop load run: latency counts from the intended send, so a stall is seen by every request it delays. A warm-up at a
 * quarter of the rate is not recorded.
 */
export async function load(options: LoadOptions): Promise<LoadRun> {
  const { profile, ratePerSecond, seed, clock, session } = options;
  const sample = xoshiro(`${seed}|payloads`)
    .shuffle([...options.inputs])
    .slice(0, payloadLimit);
  const calls = sample.map((inputs, index) => session.prepare(inputs, `load-${index}`));
  const warmup = schedule("constant", Math.max(1, ratePerSecond / 4), options.warmupMilliseconds, seed);
  await sendAll({ start: clock.monotonic(), times: warmup, record: false }, calls, options);
  const times = schedule(profile, ratePerSecond, options.milliseconds, `${seed}|schedule`);
  const { events, unsent } = await sendAll({ start: clock.monotonic(), times, record: true }, calls, options);
  return {
    profile,
    ratePerSecond,
    events: events.toSorted((a, b) => a.intended - b.intended),
    inconclusive: selfCheck(events, { planned: times.length, unsent }, options),
  };
}
