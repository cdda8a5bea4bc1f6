import { deviance } from "../statistics/gamma.ts";

/** What all add up to. */
export const sumOf = (numbers: ArrayLike<number>): number =>
  Array.from(numbers).reduce((sum, number) => sum + number, 0);

/** Counts of the same bins or categories in two samples, neither without any count. */
export interface Counts {
  reference: ArrayLike<number>;
  current: ArrayLike<number>;
}

/** Shares of each side, and a sum over the bins of what two shares contribute. */
function overShares({ reference, current }: Counts, term: (p: number, q: number) => number): number {
  const [n, m] = [sumOf(reference), sumOf(current)];
  return sumOf(Array.from(reference, (count, i) => term(count / n, current[i]! / m)));
}

/** Population stability index with half a row added to every bin of both sides, so that an empty bin has a finite part. */
export function psi({ reference, current }: Counts): number {
  const smoothed = (counts: ArrayLike<number>) => Array.from(counts, (count) => count + 0.5);
  return overShares(
    { reference: smoothed(reference), current: smoothed(current) },
    (p, q) => (q - p) * Math.log(q / p),
  );
}

/** Population stability index by the other convention in use: an empty share counts as 0.0001, nothing is renormalised. */
export function psiWithFloor(counts: Counts): number {
  const floored = (share: number) => (share === 0 ? 1e-4 : share);
  return overShares(counts, (p, q) => (floored(q) - floored(p)) * Math.log(floored(q) / floored(p)));
}

/** x ln(x/m) + m - x: the parts of a divergence without what cancels in their sum, so that a small one keeps its digits. */
const divergence = (x: number, m: number): number => (x === 0 ? m : deviance(x, m));

/** Jensen-Shannon distance, the root of the divergence: from 0 to the root of ln 2 in nats, to 1 in bits (`base` 2). */
export function jensenShannon(counts: Counts, base: number = Math.E): number {
  const nats = overShares(counts, (p, q) =>
    p === q ? 0 : (divergence(p, (p + q) / 2) + divergence(q, (p + q) / 2)) / 2,
  );
  return Math.sqrt(nats / Math.log(base));
}

/** Hellinger distance, from 0 to 1. */
export const hellinger = (counts: Counts): number =>
  Math.sqrt(overShares(counts, (p, q) => (Math.sqrt(p) - Math.sqrt(q)) ** 2) / 2);

/** Total variation distance: half of all that the shares differ by. */
export const totalVariation = (counts: Counts): number => overShares(counts, (p, q) => Math.abs(p - q)) / 2;

/** L-infinity distance: the most that the share of one bin differs by. */
export function lInfinity({ reference, current }: Counts): number {
  const [n, m] = [sumOf(reference), sumOf(current)];
  return Array.from(reference, (count, i) => Math.abs(count / n - current[i]! / m)).reduce((a, b) => Math.max(a, b), 0);
}

/** Distances of two sets of counts, as both kinds of feature are told by them. */
export interface Distances {
  psi: number;
  /** Base 2, 0 to 1. */
  jensenShannon: number;
  hellinger: number;
  lInfinity: number;
  totalVariation: number;
}

export const distances = (counts: Counts): Distances => ({
  psi: psi(counts),
  jensenShannon: jensenShannon(counts, 2),
  hellinger: hellinger(counts),
  lInfinity: lInfinity(counts),
  totalVariation: totalVariation(counts),
});
