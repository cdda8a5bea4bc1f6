import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Generator } from "../../src/domain/statistics/prng.ts";
import type { Kind } from "./kind.ts";

const vectors = join(import.meta.dirname, "../fixtures/vectors");

/** The tolerance of a file of reference vectors. */
export const toleranceOf = (file: string): Kind["tolerance"] =>
  JSON.parse(readFileSync(join(vectors, `${file}.json`), "utf8")).tol;

/** A list of drawn values. */
export const several = <T>(length: number, draw: (i: number) => T): T[] => Array.from({ length }, (_, i) => draw(i));

/** A whole number from `least` to `most`. */
export const between = ({ below }: Generator, least: number, most: number): number => least + below(most - least + 1);

/** A standard normal number (Box and Muller 1958). */
export const normal = ({ f64 }: Generator): number =>
  Math.sqrt(-2 * Math.log1p(-f64())) * Math.cos(2 * Math.PI * f64());

/** One of some values. */
export const oneOf = <T>({ below }: Generator, values: readonly T[]): T => values[below(values.length)]!;

/** A number cut to so many digits after the point, so that values repeat. */
export const rounded = (value: number, digits: number): number => Number(value.toFixed(digits));
