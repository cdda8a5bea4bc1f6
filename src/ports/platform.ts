import type { Release, Running } from "../domain/release.ts";

export interface Deployment {
  running: Running;
  /** What was replaced, null when nothing ran. */
  replaced: Running | null;
  /** Empty when no request was dropped by the switch; else one sentence that says what clients notice. */
  interruption: string;
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
  /** Stops and removes what runs. Nothing there is fine. */
  remove(signal: AbortSignal): Promise<void>;
}
