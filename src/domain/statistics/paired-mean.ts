import { mean, meanInterval, standardError } from "./intervals.ts";
import { xoshiro } from "./prng.ts";
import { normalSurvival, tCdf } from "./special.ts";

/** Student's t test of paired differences against 0; NaN where they do not vary. */
export function pairedT(
  differences: Float64Array,
  confidence: number,
): { mean: number; t: number; p: number; interval: [number, number] } {
  const t = mean(differences) / standardError(differences);
  return {
    mean: mean(differences),
    t,
    p: 2 * tCdf(-Math.abs(t), differences.length - 1),
    interval: meanInterval(differences, confidence),
  };
}

/**
 * One-sided permutation p value for a mean above 0: each draw flips every difference by a bit of the generator, row after row.
 * @returns (1 + draws with a mean at least as high) / (draws + 1)
 */
export function signFlip(differences: Float64Array, { draws, seed }: { draws: number; seed: string }): number {
  const generator = xoshiro(seed);
  const n = differences.length;
  const observed = mean(differences) - 1e-12;
  let atLeast = 0;
  for (let draw = 0; draw < draws; draw++) {
    let sum = 0;
    for (let i = 0; i < n; i++) sum += generator.u32() & 1 ? -differences[i]! : differences[i]!;
    if (sum / n >= observed) atLeast++;
  }
  return (1 + atLeast) / (draws + 1);
}

/** Two-sided p value of Wilcoxon's signed-rank test: zeros left out, ties at mid-ranks, normal approximation. */
export function signedRank(differences: Float64Array): number {
  const moved = differences.filter((difference) => difference !== 0);
  const order = moved.toSorted((a, b) => Math.abs(a) - Math.abs(b));
  const n = order.length;
  let positive = 0;
  let ties = 0;
  for (let start = 0; start < n; ) {
    let end = start;
    while (end < n && Math.abs(order[end]!) === Math.abs(order[start]!)) end++;
    const size = end - start;
    ties += size ** 3 - size;
    for (let i = start; i < end; i++) if (order[i]! > 0) positive += (start + end + 1) / 2;
    start = end;
  }
  const spread = Math.sqrt((n * (n + 1) * (2 * n + 1) - ties / 2) / 24);
  return 2 * normalSurvival(Math.abs(positive - (n * (n + 1)) / 4) / spread);
}
