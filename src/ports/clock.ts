/** Time, so that tests can own it. */
export interface Clock {
  /** The wall clock. */
  now(): Date;
  /** Milliseconds on a monotonic clock with sub-millisecond resolution; only differences mean something. */
  monotonic(): number;
  /** Resolves once `monotonic()` has reached `at`, within a fraction of a millisecond; rejects when the signal aborts. */
  until(at: number, signal: AbortSignal): Promise<void>;
}
