import type { Clock } from "../../src/ports/clock.ts";

/** A clock that a test moves. */
export interface FakeClock extends Clock {
  /** Moves both clocks forward and wakes whoever waited until then. */
  advance(milliseconds: number): void;
}

export function fakeClock(start = "2026-11-23T12:00:00.000Z"): FakeClock {
  const begin = Date.parse(start);
  let elapsed = 0;
  const waiting = new Set<{ at: number; wake: () => void }>();
  return {
    now: () => new Date(begin + elapsed),
    monotonic: () => elapsed,
    until: (at, signal) =>
      new Promise((resolve, reject) => {
        if (signal.aborted) return reject(signal.reason as Error);
        if (at <= elapsed) return resolve();
        const sleeper = { at, wake: resolve };
        waiting.add(sleeper);
        signal.addEventListener("abort", () => {
          waiting.delete(sleeper);
          reject(signal.reason as Error);
        });
      }),
    advance(milliseconds) {
      elapsed += milliseconds;
      for (const sleeper of waiting) {
        if (sleeper.at > elapsed) continue;
        waiting.delete(sleeper);
        sleeper.wake();
      }
    },
  };
}
