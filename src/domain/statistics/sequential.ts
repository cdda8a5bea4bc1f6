import { betaFraction, betaTails, logBinomialTerm } from "./beta.ts";

/** ln of the chance of exactly s successes and f failures at a rate p0. */
function logChance(s: number, f: number, p0: number): number {
  if (f === 0) return s === 0 ? 0 : s * Math.log(p0);
  return s === 0 ? f * Math.log1p(-p0) : logBinomialTerm(s, f, p0, 1 - p0);
}

/**
 * Natural logarithm of the e-value against "the rate of success is at least p0": the likelihood averaged over rates
 * uniform in [0, p0], relative to that at p0. It may be looked at after every row: an alarm at log e >= ln(1/alpha) is
 * false with a chance of at most alpha, ever (Ville 1939). The state is the two counts.
 * @param p0 0 < p0 < 1
 */
export function logEValue({ successes: s, failures: f, p0 }: Record<"successes" | "failures" | "p0", number>): number {
  const [a, b] = [s + 1, f + 1];
  // After a long good past both the likelihood and the share of the prior vanish; their quotient does not.
  if (p0 <= (a + 1) / (a + b + 2)) return Math.log(((1 - p0) * betaFraction(a, b, p0)) / a);
  return Math.log(betaTails(a, b, p0).lower) - Math.log((s + f + 1) * p0) - logChance(s, f, p0);
}

/**
 * Shiryaev-Roberts statistic after one more row: M = (1 + M) L with L the likelihood of the row at rate `bad` relative to
 * that at `good`. Starts at 0. An alarm at M >= 1/alpha comes falsely after 1/alpha rows on average, or later
 * (Shin, Ramdas and Rinaldo 2023), and a long good past does not delay it. The state is one number.
 * @param good rate of success that still holds @param bad lower rate that must be found; both in (0, 1)
 */
export function shiryaevRoberts(m: number, success: boolean, { good, bad }: { good: number; bad: number }): number {
  return (1 + m) * (success ? bad / good : (1 - bad) / (1 - good));
}
