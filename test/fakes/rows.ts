import type { Row, Rows } from "../../src/ports/dataset.ts";

/** Rows in memory. */
export const rowsOf = (rows: readonly Row[]): Rows => {
  const at = (index: number): Row => {
    const row = rows[index];
    if (!row) throw new RangeError(`there is no row ${index}`);
    return row;
  };
  return { length: rows.length, facts: at, sent: at };
};
