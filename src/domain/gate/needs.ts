import { noninferiorRows, rowsAboveFloor, zeroErrorRows } from "../statistics/power.ts";
import { normalQuantile } from "../statistics/special.ts";
import type { ParsedCheck } from "./parse.ts";
import { type Finding, isRatio } from "./result.ts";
import { lowIsBad } from "./rule.ts";

/** The power that sample sizes are given for. */
export const power = 0.8;

/** What is assumed of the truth when a sample size is given: both models equally good, or just as seen. */
type Assumption = "equal" | "seen";

type Seen = Pick<Finding, "estimate" | "bound" | "ref" | "lower" | "upper" | "n" | "method" | "discordant">;

/** How far an equally good candidate would lie on the good side of the bound; not above 0 when it would not pass. */
function marginOf(finding: Seen, { op, right }: ParsedCheck): number {
  const { bound, ref } = finding;
  if (right.kind !== "ref" || bound === null || ref === null) return 0;
  const contrast = isRatio(finding) ? 1 - bound : (1 - right.mul) * ref - bound;
  return lowIsBad(op) ? contrast : -contrast;
}

/** The power of an exact test rises in steps: the count of the normal test, corrected for continuity (Fleiss 1981). */
const forSteps = (rows: number, distance: number): number =>
  Math.ceil((rows / 4) * (1 + Math.sqrt(1 + 2 / (rows * distance))) ** 2);

/** Rows at a distance of the truth from the bound. */
function rowsAt(distance: number, finding: Seen, check: ParsedCheck): number {
  const { n, lower, upper, estimate, bound, discordant, method } = finding;
  const alpha = 1 - check.confidence!;
  if (method === "tango" && discordant) {
    const discordantShare = (discordant[0] + discordant[1]) / n!;
    return noninferiorRows({ discordant: discordantShare, trueDifference: 0, margin: distance, alpha, power });
  }
  if (method === "clopper-pearson" && (estimate === 0 || estimate === 1) && estimate !== bound)
    return zeroErrorRows(Math.abs(estimate - bound!), check.confidence!);
  if (method === "clopper-pearson")
    return forSteps(rowsAboveFloor({ p0: bound!, p1: estimate!, alpha, power }), Math.abs(estimate! - bound!));
  const z = normalQuantile(check.confidence!);
  const reach = Math.abs(estimate! - (lowIsBad(check.op) ? lower! : upper!));
  return Math.ceil(n! * ((reach * (z + normalQuantile(power))) / (z * distance)) ** 2);
}

/**
 * Rows that would settle an inconclusive comparison with a power of 80 %, from the spread seen: assuming equally good
 * models where the check would let them pass and the estimate does not contradict it, else that the truth is as seen.
 * @returns null when no number of rows would.
 */
export function settling(finding: Seen, check: ParsedCheck): { rows: number; assumed: Assumption } | null {
  const { estimate, bound, n, lower, upper } = finding;
  if (
    check.confidence === null ||
    estimate === null ||
    bound === null ||
    n === null ||
    lower === null ||
    upper === null
  )
    return null;
  const margin = marginOf(finding, check);
  const plausible = margin > 0 && (estimate - bound) * (lowIsBad(check.op) ? 1 : -1) > 0;
  const options: { assumed: Assumption; distance: number }[] = [
    ...(plausible ? [{ assumed: "equal" as const, distance: margin }] : []),
    { assumed: "seen", distance: Math.abs(estimate - bound) },
  ];
  for (const { assumed, distance } of options) {
    const rows = rowsAt(distance, finding, check);
    if (Number.isSafeInteger(rows) && rows > n) return { rows, assumed };
  }
  return null;
}
