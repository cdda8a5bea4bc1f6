import type { Generator } from "../../src/domain/statistics/prng.ts";

/** A standard normal number (Box and Muller 1958). */
export const normal = ({ f64 }: Generator): number =>
  Math.sqrt(-2 * Math.log1p(-f64())) * Math.cos(2 * Math.PI * f64());

/** n drawn numbers. */
export const numbers = (n: number, draw: (row: number) => number): Float64Array =>
  Float64Array.from({ length: n }, (_, row) => draw(row));

/** The index of one of some outcomes with these chances, the last one taking the rest. */
export function outcome({ f64 }: Generator, chances: readonly number[]): number {
  let left = f64();
  const index = chances.findIndex((chance) => (left -= chance) < 0);
  return index === -1 ? chances.length : index;
}
