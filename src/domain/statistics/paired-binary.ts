import { binomialCdf, binomialPmf, chi2Survival, normalQuantile } from "./special.ts";

/** McNemar's tests of two models on the same rows; the chi-squared ones are null when no row tells them apart. */
export interface McNemar {
  exact: number;
  midP: number;
  chi2: number | null;
  chi2P: number | null;
  corrected: number | null;
  correctedP: number | null;
  /** One-sided: how likely so many rows for the candidate are when both are equally good. */
  exactGreater: number;
  midPGreater: number;
}

/**
 * McNemar's tests, mid-p after Fagerland, Lydersen and Laake 2013 (BMC Med Res Methodol 13:91).
 * @param b rows on which only the candidate is right
 * @param c rows on which only the champion is right
 */
export function mcnemar(b: number, c: number): McNemar {
  const discordant = b + c;
  const least = Math.min(b, c);
  const here = binomialPmf(least, discordant, 0.5);
  const twice = 2 * binomialCdf(least, discordant, 0.5);
  const exactGreater = binomialCdf(c, discordant, 0.5);
  const chi2 = discordant === 0 ? null : (b - c) ** 2 / discordant;
  const corrected = discordant === 0 ? null : (Math.abs(b - c) - 1) ** 2 / discordant;
  return {
    exact: Math.min(1, twice),
    midP: discordant === 0 ? 1 : b === c ? 1 - here / 2 : twice - here,
    chi2,
    chi2P: chi2 === null ? null : chi2Survival(chi2, 1),
    corrected,
    correctedP: corrected === null ? null : chi2Survival(corrected, 1),
    exactGreater,
    midPGreater: exactGreater - here / 2,
  };
}

/** The constrained estimate of the share of rows on which only the champion is right, at difference d. */
function constrainedShare(b: number, c: number, n: number, d: number): number {
  const linear = (2 * n - b + c) * d - b - c;
  const constant = -c * d * (1 - d);
  const root = Math.sqrt(Math.max(0, linear * linear - 8 * n * constant));
  // The larger root; the second form where the first would subtract nearly equal numbers.
  return linear <= 0 ? (root - linear) / (4 * n) : (-2 * constant) / (root + linear);
}

/**
 * Tango's score statistic (1998) against a difference candidate - champion of d, -1 <= d <= 1; standard normal when d is true.
 * @param b rows of n on which only the candidate is right
 * @param c rows of n on which only the champion is right
 */
export function tangoZ(b: number, c: number, n: number, d: number): number {
  const distance = b - c - n * d;
  if (distance === 0) return 0;
  const share = constrainedShare(b, c, n, d);
  return distance / Math.sqrt(Math.max(0, n * (2 * share + d * (1 - d))));
}

/** One-sided lower bound of the difference candidate - champion of two paired shares (Tango 1998). */
export function tangoLower(b: number, c: number, n: number, confidence: number): number {
  const wanted = normalQuantile(confidence);
  let low = -1;
  let high = (b - c) / n;
  for (;;) {
    const middle = low + (high - low) / 2;
    if (middle <= low || middle >= high) return low;
    if (tangoZ(b, c, n, middle) > wanted) low = middle;
    else high = middle;
  }
}

/** One-sided upper bound of the difference candidate - champion of two paired shares (Tango 1998). */
export const tangoUpper = (b: number, c: number, n: number, confidence: number): number =>
  -tangoLower(c, b, n, confidence);

/** Two-sided score interval of the difference of two paired shares (Tango 1998). */
export const tangoBounds = (b: number, c: number, n: number, confidence: number): [number, number] => [
  tangoLower(b, c, n, (1 + confidence) / 2),
  tangoUpper(b, c, n, (1 + confidence) / 2),
];

/** Two-sided Wald interval of the difference of two paired shares, for comparison only: it is too narrow for few discordant rows. */
export function pairedWald(b: number, c: number, n: number, confidence: number): [number, number] {
  const difference = (b - c) / n;
  const reach = (normalQuantile((1 + confidence) / 2) * Math.sqrt(b + c - (b - c) ** 2 / n)) / n;
  return [difference - reach, difference + reach];
}
