/** Time limits of the requests of one run. Made to be cheap: a signal of many sources for each request costs more than sending it. */
export interface Limits extends Disposable {
  /** The signal of one request; `release` when it has its answer. */
  next(): { signal: AbortSignal; release: () => void };
  /** Ends all requests that still wait. */
  giveUp(reason: unknown): void;
  /** Whether the run was ended, so that nobody waits for its requests any more. */
  readonly ended: boolean;
}

/** Limits that a run's own signal ends, too. Disposing of them lets go of it. */
export function limitsOf(signal: AbortSignal, milliseconds: number): Limits {
  const waiting = new Set<AbortController>();
  let ended = signal.aborted;
  const giveUp = (reason: unknown): void => {
    ended = true;
    for (const controller of waiting) controller.abort(reason);
  };
  const onAbort = (): void => giveUp(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  return {
    next() {
      const controller = new AbortController();
      if (ended) controller.abort(signal.reason);
      waiting.add(controller);
      const late = (): void => controller.abort(new DOMException("the time for it ran out", "TimeoutError"));
      const timer = setTimeout(late, milliseconds);
      const release = (): void => {
        clearTimeout(timer);
        waiting.delete(controller);
      };
      return { signal: controller.signal, release };
    },
    giveUp,
    get ended() {
      return ended;
    },
    [Symbol.dispose]: () => signal.removeEventListener("abort", onAbort),
  };
}
