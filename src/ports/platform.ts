import type { Release, Running } from "../domain/release.ts";

export interface Deployment {
  running: Running;
  /** What was replaced, null when nothing ran. */
  replaced: Running | null;
  /** Empty when no request was dropped by the switch; else one sentence that says what clients notice. */
  interruption: string;
}

/** How a release does, as its platform sees it. Null: the platform cannot say. */
export interface Vitals {
  /** How often it was started again since it was deployed. */
  restarts: number | null;
  /** Memory it takes now. */
  memoryBytes: number | null;
}

/**
 * Where releases run. One instance serves one slot (an environment, or a champion beside it). An ability a platform
 * lacks is an absent method, never a no-op.
 */
export interface Platform {
  readonly kind: string;
  /**
   * Runs the release and returns when it is ready. Twice is once. When the new one never becomes ready the old one still
   * serves, and the error carries its last log lines.
   * @throws WorldError `platform.not-ready`, `platform.exited`, `platform.unavailable`.
   */
  deploy(release: Release, signal: AbortSignal): Promise<Deployment>;
  /** What runs now, asked from the platform: image digest and a digest over the model's bytes there. Null when nothing runs. */
  current(signal: AbortSignal): Promise<Running | null>;
  /** How what runs does; null when nothing runs. */
  vitals?(signal: AbortSignal): Promise<Vitals | null>;
  /** Stops and removes what runs. Nothing there is fine. */
  remove(signal: AbortSignal): Promise<void>;
}
