import type { LoadEvent } from "../../domain/observations/observations.ts";
import { mostRequests } from "../../domain/schedule.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Crew, Sent, SoFar } from "../../ports/crew.ts";
import type { Call } from "../../ports/protocol.ts";
import { type Limits, limitsOf } from "../limits.ts";
import { inFlightLimit, type Sending } from "./options.ts";

/** What is sent in turn, over and over, and how many rows each request has. */
export interface Payloads {
  calls: readonly Call[];
  items: number;
  /** Who sends an open loop; absent: this thread. */
  crew?: Crew;
}

/** A time in ms without what is under a microsecond: evidence holds one for every token. */
const micro = (ms: number): number => Math.round(ms * 1000) / 1000;

/** Sends one request. @returns null when the run was ended: nobody waits for the request any more. */
async function one(
  call: Call,
  { intended, start, items }: { intended: number; start: number; items: number },
  clock: Clock,
  limits: Limits,
): Promise<LoadEvent | null> {
  const left = clock.monotonic();
  const more = items === 1 ? {} : { items };
  const { signal, release } = limits.next();
  try {
    const answer = await call.send(signal);
    const stream = answer.stream && {
      ...answer.stream,
      arrivals: answer.stream.arrivals.map((at) => micro(at - start)),
    };
    return {
      ...{ intended, sent: answer.sent - start, done: answer.done - start, ok: true, ...more },
      ...(stream && { stream }),
    };
  } catch {
    if (limits.ended) return null;
    const done = Math.max(clock.monotonic() - start, intended);
    return { intended, sent: left - start, done, ok: false, ...more };
  } finally {
    release();
  }
}

/** Told what was answered, how many wait and the time of the next request: why nothing more is to be sent, or null. */
type Stop = (events: readonly LoadEvent[], flying: number, intended: number) => string | null;

/**
 * Open loop: sends on schedule and never waits for an answer before the next send, from this thread or from those of a crew.
 * @param stop what waits for its answer when nothing more is to be sent is given up.
 */
export async function sendOpen(
  times: readonly number[],
  payloads: Payloads,
  sending: Sending,
  progress: (share: number) => void,
  stop: Stop = () => null,
): Promise<Sent> {
  if (!payloads.crew) return sendHere(times, payloads, sending, progress, stop);
  const { timeoutMilliseconds, inFlight = inFlightLimit, signal } = sending;
  const look = ({ events, flying, intended, due }: SoFar): string | null => {
    progress(due / times.length);
    return stop(events, flying, intended);
  };
  return payloads.crew.send(times, { timeoutMilliseconds, inFlight }, look, signal);
}

/** {@link sendOpen} from this thread. */
export async function sendHere(
  times: readonly number[],
  { calls, items }: Payloads,
  sending: Sending,
  progress: (share: number) => void,
  stop: Stop = () => null,
): Promise<Sent> {
  const { clock, signal, inFlight = inFlightLimit, start = clock.monotonic() } = sending;
  using limits = limitsOf(signal, sending.timeoutMilliseconds);
  const events: LoadEvent[] = [];
  const flying = new Set<Promise<void>>();
  let unsent = 0;
  let stopped: string | null = null;
  for (const [index, intended] of times.entries()) {
    await clock.until(start + intended, signal);
    stopped = stop(events, flying.size, intended);
    if (stopped !== null) {
      limits.giveUp(new Error(stopped));
      break;
    }
    if (flying.size >= inFlight) {
      unsent++;
      continue;
    }
    const flight = one(calls[index % calls.length]!, { intended, start, items }, clock, limits).then((event) => {
      flying.delete(flight);
      if (event) events.push(event);
    });
    flying.add(flight);
    progress((index + 1) / times.length);
  }
  await Promise.all(flying);
  signal.throwIfAborted();
  return { events, planned: times.length, unsent, ...(stopped !== null && { stopped }) };
}

/**
 * Closed loop: as many users as said, each of whom sends when the answer before has come.
 * @param next told the ms since the start and the requests sent: when the next one was meant to leave; null: there is none.
 */
export async function sendClosed(
  users: number,
  next: (now: number, sent: number) => number | null,
  { calls, items }: Payloads,
  sending: Sending,
): Promise<Sent> {
  const { clock, signal } = sending;
  using limits = limitsOf(signal, sending.timeoutMilliseconds);
  const start = clock.monotonic();
  const events: LoadEvent[] = [];
  let sent = 0;
  const user = async (): Promise<void> => {
    while (sent < mostRequests) {
      const intended = next(clock.monotonic() - start, sent);
      if (intended === null) return;
      const event = await one(calls[sent++ % calls.length]!, { intended, start, items }, clock, limits);
      signal.throwIfAborted();
      if (event) events.push(event);
    }
  };
  await Promise.all(Array.from({ length: users }, user));
  return { events, planned: sent, unsent: 0 };
}
