import { setImmediate as turn, setTimeout as wait } from "node:timers/promises";
import type { Clock } from "../../ports/clock.ts";

/** Timers fire up to a millisecond late; the last one is spent turning the event loop. */
const spin = 1.5;

/** Waits for some milliseconds. @throws the signal's reason when it aborts, where Node's own timer throws an AbortError. */
export async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  await wait(milliseconds, undefined, { signal }).catch(() => signal.throwIfAborted());
}

/** The system's clock. */
export const systemClock: Clock = {
  now: () => new Date(),
  monotonic: () => performance.now(),
  async until(at, signal) {
    const delay = at - performance.now() - spin;
    if (delay > 0) await pause(delay, signal);
    while (performance.now() < at) {
      signal.throwIfAborted();
      await turn();
    }
  },
};
