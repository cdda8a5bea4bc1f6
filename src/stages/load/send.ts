import type { LoadEvent } from "../../domain/observations/observations.ts";
import { mostRequests } from "../../domain/schedule.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Call } from "../../ports/protocol.ts";
import { type Limits, limitsOf } from "../limits.ts";
import type { Sending } from "./options.ts";

/** Requests in flight at most: beyond it the client, not the server, is the limit, and the run says so. */
export const inFlightLimit = 4096;

/** What is sent in turn, over and over, and how many rows each request has. */
export interface Payloads {
  calls: readonly Call[];
  items: number;
}

/** What came of sending; `planned` counts what was to be sent, and `unsent` what was not because the client was full. */
export interface Sent {
  events: LoadEvent[];
  planned: number;
  unsent: number;
  /** Why it ended before all was sent; absent: it did not. */
  stopped?: string;
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

/**
 * Open loop: sends on schedule and never waits for an answer before the next send.
 * @param stop told what was answered, how many wait and the time of the next request: why nothing more is to be sent, or null.
 * What then still waits for its answer is given up.
 */
export async function sendOpen(
  times: readonly number[],
  { calls, items }: Payloads,
  sending: Sending,
  progress: (share: number) => void,
  stop: (events: readonly LoadEvent[], flying: number, intended: number) => string | null = () => null,
): Promise<Sent> {
  const { clock, signal } = sending;
  using limits = limitsOf(signal, sending.timeoutMilliseconds);
  const start = clock.monotonic();
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
    if (flying.size >= inFlightLimit) {
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
