import { chi2Survival } from "./special.ts";

/** Counts of two groups in the same k columns. */
export type TwoRows = readonly [ArrayLike<number>, ArrayLike<number>];

/** Pearson's test of a 2 x k table. */
export interface ChiSquared {
  chi2: number;
  /** Columns with any count, less one. */
  df: number;
  p: number;
  /** Strength of the association from 0 to 1 (Cramer 1946); null when only one column or one row has counts. */
  cramersV: number | null;
  /** Least expected count; the p value is rough when it is under 5. */
  minExpected: number;
}

/** Sums of the rows, of the columns, and of the table. */
function margins([first, second]: TwoRows) {
  const columns = Float64Array.from(first, (count, i) => count + second[i]!);
  const rows = [first, second].map((row) => Array.from(row).reduce((sum, count) => sum + count, 0));
  return { columns, rows: rows as [number, number], total: rows[0]! + rows[1]! };
}

/** Sum of (|observed - expected| - correction)^2 / expected, the correction never more than the distance itself. */
function distance(table: TwoRows, correction: number): { chi2: number; minExpected: number } {
  const { rows, columns, total } = margins(table);
  let [chi2, minExpected] = [0, Number.POSITIVE_INFINITY];
  for (const [r, row] of table.entries())
    for (const [c, column] of columns.entries()) {
      const expected = (rows[r]! * column) / total;
      if (column === 0) continue;
      minExpected = Math.min(minExpected, expected);
      const apart = Math.abs(row[c]! - expected);
      if (apart > 0) chi2 += (apart - Math.min(correction, apart)) ** 2 / expected;
    }
  return { chi2, minExpected };
}

/** Pearson's chi-squared test of two rows of counts, at least one count in all. Columns without any count are left out. */
export function chiSquared(table: TwoRows): ChiSquared {
  const { columns, rows, total } = margins(table);
  const { chi2, minExpected } = distance(table, 0);
  const df = columns.filter((count) => count > 0).length - 1;
  const single = df === 0 || rows.includes(0);
  return {
    chi2,
    df,
    p: df === 0 ? 1 : chi2Survival(chi2, df),
    cramersV: single ? null : Math.sqrt(chi2 / total),
    minExpected,
  };
}

/** A table of two rows and two columns: [[a, b], [c, d]]. */
export type TwoByTwo = readonly [readonly [number, number], readonly [number, number]];

/** Pearson's test with Yates' correction for continuity (1934). */
export function yates(table: TwoByTwo): { chi2: number; p: number } {
  const { chi2 } = distance(table, 0.5);
  return { chi2, p: margins(table).columns.includes(0) ? 1 : chi2Survival(chi2, 1) };
}

/**
 * Fisher's exact test of a 2 x 2 table, two-sided: all tables of the same margins that are no likelier than the seen one.
 * Chances are taken from their neighbours outwards from the likeliest, so that none is lost to a difference of logarithms.
 */
export function fisherExact([[a, b], [c, d]]: TwoByTwo): number {
  const [row, column, total] = [a + b, a + c, a + b + c + d];
  const [least, most] = [Math.max(0, row + column - total), Math.min(row, column)];
  const mode = Math.min(most, Math.max(least, Math.floor(((row + 1) * (column + 1)) / (total + 2))));
  /** Chance of k + 1 in the first cell against that of k. */
  const step = (k: number) => ((row - k) * (column - k)) / ((k + 1) * (total - row - column + k + 1));
  const chances = new Float64Array(most - least + 1);
  chances[mode - least] = 1;
  for (let k = mode; k < most; k++) chances[k + 1 - least] = chances[k - least]! * step(k);
  for (let k = mode; k > least; k--) chances[k - 1 - least] = chances[k - least]! / step(k - 1);
  const ascending = chances.toSorted();
  // Tables that are equally likely but for their last bits belong together.
  const limit = chances[a - least]! * (1 + 1e-10);
  const all = ascending.reduce((sum, chance) => sum + chance, 0);
  return Math.min(1, ascending.reduce((sum, chance) => (chance <= limit ? sum + chance : sum), 0) / all);
}
