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
