import type { CheckResult } from "./result.ts";

export type Verdict = "pass" | "fail" | "inconclusive" | "error";

/**
 * Combines the required checks: fail over error over inconclusive over pass. An inconclusive check that is allowed is left
 * out, but the verdict stays inconclusive when nothing else was judged. Nothing judged at all is an error.
 */
export function verdictOf(checks: readonly Pick<CheckResult, "status" | "severity" | "onInconclusive">[]): Verdict {
  const required = checks.filter(({ severity }) => severity === "required");
  const has = (status: CheckResult["status"]) => required.some((check) => check.status === status);
  if (has("fail")) return "fail";
  if (has("error")) return "error";
  const blocking = required.some(
    ({ status, onInconclusive }) => status === "inconclusive" && onInconclusive === "block",
  );
  if (blocking) return "inconclusive";
  if (has("pass")) return "pass";
  return has("inconclusive") ? "inconclusive" : "error";
}
