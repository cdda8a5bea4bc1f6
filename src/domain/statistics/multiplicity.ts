/** Adjusts p values in ascending order with `rule(p, rank)` and gives them back in input order. */
function stepwise(p: readonly number[], adjust: (sorted: number[]) => number[]): number[] {
  const order = p.map((_, index) => index).toSorted((a, b) => p[a]! - p[b]!);
  const adjusted = adjust(order.map((index) => p[index]!));
  const result = Array.from<number>({ length: p.length });
  order.forEach((index, rank) => {
    result[index] = Math.min(1, adjusted[rank]!);
  });
  return result;
}

/** Holm's adjusted p values (1979) in input order: the chance of any false finding stays below the level. */
export const holm = (p: readonly number[]): number[] =>
  stepwise(p, (sorted) => {
    let highest = 0;
    return sorted.map((value, rank) => (highest = Math.max(highest, value * (p.length - rank))));
  });

/** Benjamini and Hochberg's adjusted p values (1995) in input order: the share of false findings stays below the level. */
export const benjaminiHochberg = (p: readonly number[]): number[] =>
  stepwise(p, (sorted) => {
    let least = 1;
    return sorted
      .map((value, rank) => (value * p.length) / (rank + 1))
      .toReversed()
      .map((value) => (least = Math.min(least, value)))
      .toReversed();
  });

/** Bonferroni's adjusted p values. */
export const bonferroni = (p: readonly number[]): number[] => p.map((value) => Math.min(1, value * p.length));
