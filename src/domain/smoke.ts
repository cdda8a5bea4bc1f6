import type { Json } from "./canonical.ts";

/** One step of a smoke test. */
export interface SmokeStep {
  /** S1 … S10 of docs/stages.md, with what was tried: `S4 digit-0`. */
  id: string;
  level: "required" | "advisory";
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

/** Whether a smoke report says that it passed, and every required step of it was well. It may hold anything: it is read back. */
export function hasPassed(body: Json): boolean {
  const report = body as unknown as Partial<Record<keyof SmokeReport, Json>> | null;
  if (report?.passed !== true || !Array.isArray(report.steps) || report.steps.length === 0) return false;
  const steps = report.steps as readonly (Partial<Record<keyof SmokeStep, Json>> | null)[];
  return steps.every((step) => step?.ok === true || step?.level === "advisory");
}
