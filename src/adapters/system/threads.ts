import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import type { LoadEvent } from "../../domain/observations/observations.ts";
import type { FromThread, ThreadStart, ToThread } from "../../domain/thread-messages.ts";
import type { Crew, SoFar } from "../../ports/crew.ts";

/** Milliseconds on the clock that all threads of this process have: each has its own origin for `performance.now`. */
export const sharedClock = (): number => Number(process.hrtime.bigint()) / 1e6;

/** How far ahead the common start lies: longer than a message takes. */
const aheadMilliseconds = 10;

/** How far one thread is. */
interface Told {
  flying: number;
  intended: number;
  due: number;
}

const soFar = (events: readonly LoadEvent[], threads: readonly Told[]): SoFar => ({
  events,
  flying: threads.reduce((sum, { flying }) => sum + flying, 0),
  intended: Math.max(...threads.map(({ intended }) => intended)),
  due: threads.reduce((sum, { due }) => sum + due, 0),
});

const tell = (worker: Worker, message: ToThread): void =>
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread is no window: it has no origin
  worker.postMessage(message);

/** The next messages of a thread, each to whoever takes it. Its failure and its end go to `failed`. */
function listen(worker: Worker, failed: (error: Error) => void, take: (message: FromThread) => void): () => void {
  const onExit = (code: number): void => failed(new Error(`a thread of the load generator ended with ${code}`));
  worker.on("message", take).on("error", failed).on("exit", onExit);
  return () => void worker.off("message", take).off("error", failed).off("exit", onExit);
}

/** A message from each of the threads, sent after one to each of them. */
function exchange<T>(
  workers: readonly Worker[],
  ask: (index: number) => ToThread,
  take: (index: number, message: FromThread) => T | null,
  signal: AbortSignal,
): Promise<T[]> {
  return new Promise((resolve, reject) => {
    const got = new Map<number, T>();
    const onAbort = (): void => end(() => reject(signal.reason));
    const offs = workers.map((worker, index) =>
      listen(
        worker,
        (error) => end(() => reject(error)),
        (message) => {
          const value = take(index, message);
          if (value !== null) got.set(index, value);
          if (got.size === workers.length) end(() => resolve(workers.map((_, at) => got.get(at)!)));
        },
      ),
    );
    const end = (settle: () => void): void => {
      for (const off of offs) off();
      signal.removeEventListener("abort", onAbort);
      settle();
    };
    signal.addEventListener("abort", onAbort, { once: true });
    if (signal.aborted) onAbort();
    else for (const [index, worker] of workers.entries()) tell(worker, ask(index));
  });
}

/** A thread waits for the next request without sleeping, so that it is sent in time: one processor is left to whatever answers. */
export const threadsHere = (wanted: number): number => Math.min(wanted, availableParallelism() - 1);

/**
 * Starts threads that send a share of a load each: request i goes to thread i mod n, at its own time.
 * @param file what a thread runs. @param start what each is given, but its place.
 */
export function startCrew<Options>(
  file: string,
  threads: number,
  start: Omit<ThreadStart<Options>, "place" | "threads">,
): Crew {
  const workers = Array.from(
    { length: threads },
    (_, place) => new Worker(file, { workerData: { ...start, place, threads } satisfies ThreadStart<Options> }),
  );
  // Whoever waits for a message hears of a failure; one that nobody waits for would else end the process.
  for (const worker of workers) worker.on("error", () => undefined);
  return {
    async send(times, { timeoutMilliseconds, inFlight }, look, signal) {
      const shares = workers.map((_, place) => Float64Array.from(times.filter((__, at) => at % threads === place)));
      const each = Math.ceil(inFlight / threads);
      await exchange(
        workers,
        (place) => ({ type: "set", times: shares[place]!, timeoutMilliseconds, inFlight: each }),
        (_, { type }) => (type === "set" ? true : null),
        signal,
      );
      const told = workers.map((): Told => ({ flying: 0, intended: 0, due: 0 }));
      const events: LoadEvent[] = [];
      const begin = sharedClock() + aheadMilliseconds;
      const ends = await exchange(
        workers,
        () => ({ type: "go", start: begin }),
        (place, message) => {
          if (message.type === "set") return null;
          events.push(...message.answered);
          if (message.type === "done") return message;
          Object.assign(told[place]!, { flying: message.flying, intended: message.intended, due: message.due });
          const reason = look(soFar(events, told));
          if (reason !== null) for (const worker of workers) tell(worker, { type: "stop", reason });
          return null;
        },
        signal,
      );
      const stopped = ends.find((one) => one.stopped !== undefined)?.stopped;
      return {
        events,
        planned: times.length,
        unsent: ends.reduce((sum, { unsent }) => sum + unsent, 0),
        ...(stopped !== undefined && { stopped }),
      };
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(workers.map((worker) => worker.terminate()));
    },
  };
}
