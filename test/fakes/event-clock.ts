import type { Clock } from "../../src/ports/clock.ts";

/**
 * A clock that jumps: whenever nothing is left to do, it is the time of whoever waits for the nearest one. Minutes of load pass in a
 * moment, and the same way each time.
 */
export function eventClock(): Clock {
  let now = 0;
  let turning = false;
  const waiting: { at: number; wake: () => void }[] = [];
  const turn = (): void => {
    const next = waiting.reduce((least, one, index) => (one.at < waiting[least]!.at ? index : least), 0);
    const [first] = waiting.splice(next, 1);
    if (!first) return void (turning = false);
    now = Math.max(now, first.at);
    first.wake();
    setImmediate(turn);
  };
  return {
    now: () => new Date(now),
    monotonic: () => now,
    until: (at, signal) =>
      new Promise((resolve, reject) => {
        const wake = (): void => (signal.aborted ? reject(signal.reason as Error) : resolve());
        if (signal.aborted || at <= now) return wake();
        waiting.push({ at, wake });
        if (!turning) setImmediate(turn);
        turning = true;
      }),
  };
}
