import type { Measured } from "../outside/measured.ts";
import { newcombeLower, newcombeUpper } from "../statistics/newcombe.ts";
import { tCdf, tQuantile } from "../statistics/special.ts";
import { type Asked, aboutRate, type Bounds, made, without } from "./bounds.ts";

/** A value, its standard error and the number of answers it is from, as a source stated them. */
type Stated = Measured & { error: number; n: number };

const isStated = (measured: Measured): measured is Stated => measured.error !== undefined && measured.n !== undefined;

/** Numbers in [0, 1] have the spread p (1 - p) only when each is 0 or 1: such a mean is a rate. */
const isRate = ({ value, error, n }: Stated): boolean =>
  value >= 0 && value <= 1 && n > 1 && Math.abs(error ** 2 * (n - 1) - value * (1 - value)) <= 1e-6;

const shareOf = ({ value, n }: Stated) => ({ k: value * n, n });

/** Student t bounds of an estimate with a standard error. Without a spread nothing is known of it. */
function tBounds(estimate: number, error: number, freedom: number, { confidence, bound, low }: Asked): Bounds {
  if (!(error > 0) || freedom < 1) return without("t-stated", "degenerate");
  const step = tQuantile(confidence, freedom) * error;
  const tail = tCdf((low ? estimate - bound : bound - estimate) / error, freedom);
  return made("t-stated", estimate - step, estimate + step, tail);
}

/**
 * Bounds from stated standard errors: of a rate Clopper-Pearson, and Newcombe's against a reference that was measured by itself; of
 * other means Student t. The two were not measured on pairs, so their errors add up: that is never too narrow for rows that are alike.
 * @returns null when a standard error or a number of answers is not stated.
 */
export function statedBounds(own: Measured, other: Measured | null, mul: number, asked: Asked): Bounds | null {
  if (!isStated(own) || (other && !isStated(other))) return null;
  if (!other)
    return isRate(own) ? aboutRate(own.value * own.n, own.n, asked) : tBounds(own.value, own.error, own.n - 1, asked);
  if (mul === 1 && isRate(own) && isRate(other)) {
    const shares = [shareOf(own), shareOf(other), asked.confidence] as const;
    return made("newcombe", newcombeLower(...shares), newcombeUpper(...shares), null);
  }
  const freedom = Math.min(own.n, other.n) - 1;
  return tBounds(own.value - mul * other.value, Math.hypot(own.error, mul * other.error), freedom, asked);
}
