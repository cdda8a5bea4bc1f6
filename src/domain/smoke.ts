import type { Json } from "./canonical.ts";

/** One step of a smoke test. */
export interface SmokeStep {
  /** S1 … S10 of docs/stages.md, with what was tried: `S4 digit-0`. */
  id: string;
  /** `skipped`: it could not be tried here, and the detail says why. */
  level: "required" | "advisory" | "skipped";
  ok: boolean;
  /** What was seen. */
  detail: string;
  /** Milliseconds. */
  took: number;
}

/** The body of smoke evidence. It passed when every required step did. */
export interface SmokeReport {
  passed: boolean;
  steps: readonly SmokeStep[];
}

const levels: readonly unknown[] = ["required", "advisory", "skipped"] satisfies SmokeStep["level"][];

/** Whether no required step of these failed. */
export const isWell = (steps: readonly Pick<SmokeStep, "level" | "ok">[]): boolean =>
  steps.every(({ ok, level }) => ok || level !== "required");

/**
 * Whether a smoke report says that it passed, and every required step of it was well; with nothing but skipped steps nothing was
 * tried. It may hold anything: it is read back.
 */
export function hasPassed(body: Json): boolean {
  const report = body as unknown as Partial<Record<keyof SmokeReport, Json>> | null;
  if (report?.passed !== true || !Array.isArray(report.steps)) return false;
  const steps = report.steps as readonly (Partial<Record<keyof SmokeStep, Json>> | null)[];
  const well = steps.every((step) => step?.ok === true || (levels.includes(step?.level) && step?.level !== "required"));
  return well && steps.some((step) => step?.ok === true);
}
