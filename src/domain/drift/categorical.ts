import type { Undefined } from "../metrics/metric.ts";
import { chiSquared } from "../statistics/contingency.ts";
import { type Counts, type Distances, distances, sumOf } from "./shares.ts";

/** How far a categorical feature has moved from its reference. */
export interface CategoricalDrift extends Distances {
  chi2: number;
  chi2P: number;
  /** Least expected count of the chi-squared test; its p value is rough under 5. */
  minExpected: number;
  /** Share of current rows with a category that the reference does not have. */
  unseenShare: number;
}

/** How far the counts of a categorical feature lie from the reference. Both list the same categories in the same order. */
export function categoricalDrift({ reference, current }: Counts): CategoricalDrift | Undefined {
  const rows = sumOf(current);
  if (rows === 0 || sumOf(reference) === 0) return { undefined: "no_rows" };
  const { chi2, p, minExpected } = chiSquared([reference, current]);
  const unseen = sumOf(Array.from(current, (count, i) => (reference[i] === 0 ? count : 0)));
  return { ...distances({ reference, current }), chi2, chi2P: p, minExpected, unseenShare: unseen / rows };
}
