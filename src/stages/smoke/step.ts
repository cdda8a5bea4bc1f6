import type { Reading } from "../../domain/difference.ts";
import type { Golden } from "../../domain/golden.ts";
import type { SmokeStep } from "../../domain/smoke.ts";
import type { Clock } from "../../ports/clock.ts";

/** What every step needs. */
export interface Stepping {
  clock: Clock;
  signal: AbortSignal;
  /** How long one question of a step may take; default 30 s. */
  stepMilliseconds?: number;
}

/** What a step looks at: golden requests, and how an answer to one is understood. */
export interface Asking extends Stepping {
  goldens: readonly Golden[];
  reading: Reading;
}

/** What a step saw; `skipped` says why it was not tried. */
export type Seen = Pick<SmokeStep, "level" | "ok" | "detail">;

/** Why a step cannot be tried here. */
export class Skipped extends Error {}

export const well = (detail: string): Seen => ({ level: "required", ok: true, detail });

/** The caller's signal, and the time one question may take. */
export const limited = ({ signal, stepMilliseconds = 30_000 }: Stepping): AbortSignal =>
  AbortSignal.any([signal, AbortSignal.timeout(stepMilliseconds)]);

export const message = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Runs one step; whatever it throws is what it saw. */
export async function step(
  id: string,
  { clock, signal }: Stepping,
  work: () => Promise<Seen | string>,
): Promise<SmokeStep> {
  const started = clock.monotonic();
  const seen = await work().catch((error: unknown): Seen => {
    signal.throwIfAborted();
    if (error instanceof Skipped) return { level: "skipped", ok: false, detail: error.message };
    return { level: "required", ok: false, detail: message(error) };
  });
  const took = Math.round(clock.monotonic() - started);
  return { id, ...(typeof seen === "string" ? well(seen) : seen), took };
}
