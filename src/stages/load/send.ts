import type { LoadEvent } from "../../domain/observations/observations.ts";
import { mostRequests } from "../../domain/schedule.ts";
import type { Call } from "../../ports/protocol.ts";
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
}

/** A time in ms without what is under a microsecond: evidence holds one for every token. */
const micro = (ms: number): number => Math.round(ms * 1000) / 1000;

/** Sends one request. @returns null when an abort ended the run: nobody waits for the request any more. */
async function one(
  call: Call,
  { intended, start, items }: { intended: number; start: number; items: number },
  { clock, signal, timeoutMilliseconds }: Sending,
): Promise<LoadEvent | null> {
  const left = clock.monotonic();
  const more = items === 1 ? {} : { items };
  try {
    const answer = await call.send(AbortSignal.any([signal, AbortSignal.timeout(timeoutMilliseconds)]));
    const stream = answer.stream && {
      ...answer.stream,
      arrivals: answer.stream.arrivals.map((at) => micro(at - start)),
    };
    return {
      ...{ intended, sent: answer.sent - start, done: answer.done - start, ok: true, ...more },
      ...(stream && { stream }),
    };
  } catch {
    if (signal.aborted) return null;
    const done = Math.max(clock.monotonic() - start, intended);
    return { intended, sent: left - start, done, ok: false, ...more };
  }
}

/** Open loop: sends on schedule and never waits for an answer before the next send. */
export async function sendOpen(
  times: readonly number[],
  { calls, items }: Payloads,
  sending: Sending,
  progress: (share: number) => void,
): Promise<Sent> {
  const { clock, signal } = sending;
  const start = clock.monotonic();
  const events: LoadEvent[] = [];
  const flying = new Set<Promise<void>>();
  let unsent = 0;
  for (const [index, intended] of times.entries()) {
    await clock.until(start + intended, signal);
    if (flying.size >= inFlightLimit) {
      unsent++;
      continue;
    }
    const flight = one(calls[index % calls.length]!, { intended, start, items }, sending).then((event) => {
      flying.delete(flight);
      if (event) events.push(event);
    });
    flying.add(flight);
    progress((index + 1) / times.length);
  }
  await Promise.all(flying);
  signal.throwIfAborted();
  return { events, planned: times.length, unsent };
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
  const start = clock.monotonic();
  const events: LoadEvent[] = [];
  let sent = 0;
  const user = async (): Promise<void> => {
    while (sent < mostRequests) {
      const intended = next(clock.monotonic() - start, sent);
      if (intended === null) return;
      const event = await one(calls[sent++ % calls.length]!, { intended, start, items }, sending);
      signal.throwIfAborted();
      if (event) events.push(event);
    }
  };
  await Promise.all(Array.from({ length: users }, user));
  return { events, planned: sent, unsent: 0 };
}
