import { normalQuantile } from "./special.ts";

/** Level of the one-sided test and the chance to pass it. */
interface Sureness {
  alpha: number;
  power: number;
}

const reach = ({ alpha, power }: Sureness): number => normalQuantile(1 - alpha) + normalQuantile(power);

/**
 * Rows to show a share no worse than the champion's by more than `margin`.
 * @param discordant share of rows on which exactly one of the two is right
 * @param trueDifference candidate - champion; no number of rows is enough at -margin and below: Infinity
 */
export function noninferiorRows(
  asked: { discordant: number; trueDifference: number; margin: number } & Sureness,
): number {
  const distance = asked.trueDifference + asked.margin;
  if (distance <= 0) return Number.POSITIVE_INFINITY;
  return Math.ceil((reach(asked) ** 2 * (asked.discordant - asked.trueDifference ** 2)) / distance ** 2);
}

/** Rows to show a mean no worse than the champion's by more than `margin`; `sd` is that of the differences by row. */
export function noninferiorMeanRows(asked: { sd: number; trueDifference: number; margin: number } & Sureness): number {
  const distance = asked.trueDifference + asked.margin;
  return distance <= 0 ? Number.POSITIVE_INFINITY : Math.ceil(((reach(asked) * asked.sd) / distance) ** 2);
}

/** Rows to show that a share lies on the side of p0 on which its true value p1 does; Infinity when they are equal. */
export function rowsAboveFloor({ p0, p1, alpha, power }: { p0: number; p1: number } & Sureness): number {
  const spread =
    normalQuantile(1 - alpha) * Math.sqrt(p0 * (1 - p0)) + normalQuantile(power) * Math.sqrt(p1 * (1 - p1));
  return p0 === p1 ? Number.POSITIVE_INFINITY : Math.ceil((spread / (p1 - p0)) ** 2);
}

/** Rows for a two-sided normal interval of a share p that reaches `halfWidth` to each side. */
export function halfWidthRows({ p, halfWidth, confidence }: Record<"p" | "halfWidth" | "confidence", number>): number {
  return Math.ceil((normalQuantile((1 + confidence) / 2) / halfWidth) ** 2 * p * (1 - p));
}

/** Trials without one error after which a share of errors up to `bound` is shown; Infinity for a bound of 0. */
export function zeroErrorRows(bound: number, confidence: number): number {
  // An exact power, as in two trials for 0.5 and 75 %, must not be rounded up by its last bit.
  return Math.ceil(Math.log1p(-confidence) / Math.log1p(-bound) - 1e-9);
}
