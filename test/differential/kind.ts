import type { Generator } from "../../src/domain/statistics/prng.ts";

/** One kind of case that the shipped code and a reference library are both asked. README.md has the protocol. */
export interface Kind {
  /** The key of a Python kernel's `KINDS`. */
  kind: string;
  /** How many random cases. */
  cases: number;
  /** A number passes when |got - expected| <= abs + rel |expected|. */
  tolerance: { abs: number; rel: number };
  /** Makes an input from the generator alone. `index` counts the cases of this kind from 0. */
  input(generator: Generator, index: number): unknown;
  /** What the shipped code gets for an input. */
  got(input: never): unknown;
}
