import type { Tails } from "./gamma.ts";

/**
 * The point in [0, end] at which a distribution on the positive numbers has the given tails, to the last bit its tails
 * can tell. Works on the smaller tail; halves the exponent first and then the interval, about 65 evaluations, so that it
 * needs no starting point and no derivative and finds 1e-300 as surely as 1e300.
 */
export function inverse(tails: (x: number) => Tails, wanted: Tails, end: number): number {
  if (!(wanted.lower >= 0 && wanted.upper >= 0) || Number.isNaN(tails(0.5).lower)) return Number.NaN;
  if (wanted.lower === 0) return 0;
  if (wanted.upper === 0) return end;
  const before =
    wanted.lower < wanted.upper
      ? (x: number) => tails(x).lower < wanted.lower
      : (x: number) => tails(x).upper > wanted.upper;
  let low = Number.MIN_VALUE;
  let high = Math.min(end, Number.MAX_VALUE);
  for (;;) {
    const middle = high > 2 * low ? Math.sqrt(low) * Math.sqrt(high) : low + (high - low) / 2;
    if (middle <= low || middle >= high) return high;
    if (before(middle)) low = middle;
    else high = middle;
  }
}
