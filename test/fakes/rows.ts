import type { Row, Rows } from "../../src/ports/dataset.ts";

/** Rows in memory, whose order is that of their hashes unless it is told. */
export const rowsOf = (rows: readonly Row[], order: readonly number[] = [...rows.keys()]): Rows => {
  const at = (index: number): Row => {
    const row = rows[index];
    if (!row) throw new RangeError(`there is no row ${index}`);
    return row;
  };
  return { length: rows.length, order: Uint32Array.from(order), facts: at, sent: at };
};
