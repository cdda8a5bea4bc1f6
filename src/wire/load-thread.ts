import { parentPort, workerData } from "node:worker_threads";
import { protocols } from "../adapters/protocols/index.ts";
import { systemClock } from "../adapters/system/clock.ts";
import { honourProxy } from "../adapters/system/proxy.ts";
import { sharedClock } from "../adapters/system/threads.ts";
import type { FromThread, ThreadStart, ToThread } from "../domain/thread-messages.ts";
import type { RequestOptions } from "../ports/protocol.ts";
import { sendHere } from "../stages/load/send.ts";

/** How often a thread tells what it has seen, in ms of its schedule. */
const tellMilliseconds = 100;

/** One thread of the load generator: prepares the calls, and sends its share each time it is told to. */
export function runLoadThread(env: Readonly<Record<string, string | undefined>>): void {
  if (!parentPort) throw new Error("a thread of the load generator is started by the generator");
  const port = parentPort;
  honourProxy(env);
  const { kind, endpoint, model, options, bodies, items, place, threads } = workerData as ThreadStart<RequestOptions>;
  const session = protocols[kind as keyof typeof protocols].connect(endpoint, model, options);
  const all = bodies.map((inputs, index) => session.prepare(inputs, `load-${index}`));
  // Its n-th request is the (place + n * threads)-th of the whole run.
  const calls = all.map((_, n) => all[(place + n * threads) % all.length]!);
  const tell = (message: FromThread): void => port.postMessage(message);
  const { signal } = new AbortController();
  let set: Extract<ToThread, { type: "set" }> | null = null;
  let reason: string | null = null;

  async function go({ start }: Extract<ToThread, { type: "go" }>): Promise<void> {
    const { times, timeoutMilliseconds, inFlight } = set!;
    let [next, known, due] = [tellMilliseconds, 0, 0];
    reason = null;
    const sent = await sendHere(
      Array.from(times),
      { calls, items },
      {
        clock: systemClock,
        signal,
        timeoutMilliseconds,
        inFlight,
        start: start - sharedClock() + systemClock.monotonic(),
      },
      () => undefined,
      (events, flying, intended) => {
        due++;
        if (intended < next) return reason;
        next = intended + tellMilliseconds;
        tell({ type: "seen", answered: events.slice(known), flying, intended, due });
        known = events.length;
        return reason;
      },
    );
    const { unsent, stopped } = sent;
    tell({ type: "done", answered: sent.events.slice(known), unsent, ...(stopped !== undefined && { stopped }) });
  }

  port.on("message", (message: ToThread) => {
    if (message.type === "stop") reason = message.reason;
    else if (message.type === "go")
      go(message).catch((error: unknown) => {
        // An error of a promise would end the thread without a word.
        setImmediate(() => {
          throw error;
        });
      });
    else {
      set = message;
      tell({ type: "set" });
    }
  });
}
