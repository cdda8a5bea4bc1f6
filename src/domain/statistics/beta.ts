import { deviance, stirlingError, type Tails } from "./gamma.ts";

/** ln of {@link binomialTerm} but for its square root. */
function exponent(a: number, b: number, x: number, y: number): number {
  const n = a + b;
  return stirlingError(n) - stirlingError(a) - stirlingError(b) - deviance(a, n * x) - deviance(b, n * y);
}

/**
 * gamma(a+b+1) / (gamma(a+1) gamma(b+1)) x^a y^b by Loader's saddle point (2000), for real a, b > 0 and x + y = 1.
 * Differences of lgamma would lose nine digits at a million rows.
 */
export const binomialTerm = (a: number, b: number, x: number, y: number): number =>
  Math.sqrt((a + b) / (2 * Math.PI * a * b)) * Math.exp(exponent(a, b, x, y));

/** ln of {@link binomialTerm}, for terms too small for a number. */
export const logBinomialTerm = (a: number, b: number, x: number, y: number): number =>
  Math.log((a + b) / (2 * Math.PI * a * b)) / 2 + exponent(a, b, x, y);

/**
 * The continued fraction of the incomplete beta function by Lentz's method; converges for x < (a+1)/(a+b+2).
 * I_x(a, b) is b / (a+b) times {@link binomialTerm} times this.
 */
export function betaFraction(a: number, b: number, x: number): number {
  const tiny = 1e-300;
  const apart = (value: number) => (Math.abs(value) < tiny ? tiny : value);
  let c = 1;
  let d = 1 / apart(1 - ((a + b) * x) / (a + 1));
  let value = d;
  for (let m = 1; ; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / apart(1 + even * d);
    c = apart(1 + even / c);
    value *= d * c;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / apart(1 + odd * d);
    c = apart(1 + odd / c);
    value *= d * c;
    if (!(Math.abs(d * c - 1) > 4e-16)) return value;
  }
}

/** The tails at a point under the mean, where the fraction converges; rounding may put it a little beyond. */
function tailsUnderMean(a: number, b: number, x: number, y: number): Tails {
  const lower = Math.min(1, (b / (a + b)) * binomialTerm(a, b, x, y) * betaFraction(a, b, x));
  return { lower, upper: 1 - lower };
}

/**
 * Regularised incomplete beta function I_x(a, b) (lower) and its complement (upper), a, b > 0.
 * @param y 1 - x; give it when x is so close to 1 that the subtraction would lose it.
 */
export function betaTails(a: number, b: number, x: number, y = 1 - x): Tails {
  if (x <= 0) return { lower: 0, upper: 1 };
  if (y <= 0) return { lower: 1, upper: 0 };
  if (x <= (a + 1) / (a + b + 2)) return tailsUnderMean(a, b, x, y);
  const { lower, upper } = tailsUnderMean(b, a, y, x);
  return { lower: upper, upper: lower };
}
