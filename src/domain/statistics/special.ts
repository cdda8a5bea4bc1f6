// No npm library serves here: simple-statistics looks the normal up in a four-digit table, jstat says Phi(-10) = 0 and
// rounds binomials to ten digits, and @stdlib is accurate but brings hundreds of packages; a wrong tail is a wrong verdict.
import { betaTails, binomialTerm } from "./beta.ts";
import { gammaTails, type Tails } from "./gamma.ts";
import { inverse } from "./inverse.ts";

/** P(|Z| <= z) and P(|Z| > z) of a standard normal, z >= 0. */
const normalTails = (z: number): Tails => gammaTails(0.5, (z * z) / 2);

/** P(|T| <= t) and P(|T| > t) of Student's t, t >= 0. */
function tTails(t: number, df: number): Tails {
  const square = (t / Math.sqrt(df)) ** 2;
  return betaTails(0.5, df / 2, 1 / (1 + 1 / square), 1 / (1 + square));
}

/** P(X <= x) of a symmetric distribution, from the tails of |X|. */
const symmetricCdf = (x: number, { lower, upper }: Tails): number => (x < 0 ? upper / 2 : 0.5 + lower / 2);

/** The p-quantile of a symmetric distribution. Between the quartiles 2p - 1 is exact, so that quantiles near 0 keep their digits. */
function symmetricQuantile(p: number, tails: (x: number) => Tails): number {
  const outer = 2 * Math.min(p, 1 - p);
  const distance = inverse(tails, { lower: Math.abs(2 * p - 1), upper: outer }, Number.POSITIVE_INFINITY);
  return p < 0.5 ? -distance : distance;
}

/** P(Z <= z) of a standard normal. */
export const normalCdf = (z: number): number => symmetricCdf(z, normalTails(z));

/** P(Z > z) of a standard normal. */
export const normalSurvival = (z: number): number => normalCdf(-z);

/** The p-quantile of a standard normal; infinite at 0 and 1. */
export const normalQuantile = (p: number): number => symmetricQuantile(p, normalTails);

/** P(T <= t) of Student's t with `df` > 0 degrees of freedom. */
export const tCdf = (t: number, df: number): number => symmetricCdf(t, tTails(Math.abs(t), df));

/** The p-quantile of Student's t with `df` > 0 degrees of freedom; infinite at 0 and 1. */
export const tQuantile = (p: number, df: number): number => symmetricQuantile(p, (t) => tTails(t, df));

/** P(X > x) of chi-squared with `df` > 0 degrees of freedom. */
export const chi2Survival = (x: number, df: number): number => gammaTails(df / 2, x / 2).upper;

/** The p-quantile of chi-squared with `df` > 0 degrees of freedom. */
export const chi2Quantile = (p: number, df: number): number =>
  inverse((x) => gammaTails(df / 2, x / 2), { lower: p, upper: 1 - p }, Number.POSITIVE_INFINITY);

/** The p-quantile of the beta distribution with a, b > 0. */
export const betaQuantile = (p: number, a: number, b: number): number =>
  inverse((x) => betaTails(a, b, x), { lower: p, upper: 1 - p }, 1);

/** P(X = k) of k successes in n trials. */
export function binomialPmf(k: number, n: number, p: number): number {
  if (k < 0 || k > n) return 0;
  if (k === 0) return Math.exp(n * Math.log1p(-p));
  if (k === n) return p ** n;
  return p === 0 || p === 1 ? 0 : binomialTerm(k, n - k, p, 1 - p);
}

/** P(X <= k) and P(X > k) of successes in n trials. */
function binomialTails(k: number, n: number, p: number): Tails {
  if (k < 0) return { lower: 0, upper: 1 };
  if (k >= n) return { lower: 1, upper: 0 };
  const { lower, upper } = betaTails(k + 1, n - k, p);
  return { lower: upper, upper: lower };
}

/** P(X <= k) of successes in n trials. */
export const binomialCdf = (k: number, n: number, p: number): number => binomialTails(k, n, p).lower;

/** P(X > k) of successes in n trials: strictly more than k. */
export const binomialSurvival = (k: number, n: number, p: number): number => binomialTails(k, n, p).upper;

/** P(K > x) of Kolmogorov's limiting distribution, by whichever of its two series converges in a few terms. */
export function kolmogorovSurvival(x: number): number {
  if (x <= 0) return 1;
  const terms = [1, 2, 3, 4, 5, 6];
  if (x > 1) return 2 * terms.reduce((sum, k) => sum - (-1) ** k * Math.exp(-2 * k * k * x * x), 0);
  const theta = terms.reduce((sum, k) => sum + Math.exp(-(((2 * k - 1) * Math.PI) ** 2) / (8 * x * x)), 0);
  return 1 - (Math.sqrt(2 * Math.PI) / x) * theta;
}
