import type { Operator } from "./parse.ts";

/** Whether values under the bound are the bad ones. */
export const lowIsBad = (op: Operator): boolean => op === ">=" || op === ">";

/** A plain comparison; `>=` and `<=` allow for rounding, so that 0.7 is 0.8 - 0.1. NaN holds nothing. */
export function holds(op: Operator, estimate: number, bound: number): boolean {
  const slack = 1e-12 * Math.max(1, Math.abs(bound));
  if (op === ">=") return estimate >= bound - slack;
  if (op === "<=") return estimate <= bound + slack;
  return op === ">" ? estimate > bound : estimate < bound;
}

/**
 * The decision with one-sided bounds: pass when the whole confident range lies on the good side of the bound, fail when
 * it lies on the bad side, else inconclusive. A bound that does not exist (null) shows nothing.
 */
export function withBounds(
  op: Operator,
  bound: number,
  { lower, upper }: { lower: number | null; upper: number | null },
): "pass" | "fail" | "inconclusive" {
  const strict = op === ">" || op === "<";
  const [worst, best] = lowIsBad(op) ? [lower, upper] : [upper, lower];
  const sign = lowIsBad(op) ? 1 : -1;
  const over = (x: number | null, equal: boolean) => x !== null && (sign * x > sign * bound || (equal && x === bound));
  const under = (x: number | null, equal: boolean) => x !== null && (sign * x < sign * bound || (equal && x === bound));
  if (over(worst, !strict)) return "pass";
  return under(best, strict) ? "fail" : "inconclusive";
}
