import { statisticsRunners } from "../vectors/statistics.ts";
import { toleranceOf } from "./draw.ts";
import type { Kind } from "./kind.ts";

/** A kind whose inputs and outputs are those of a file of reference vectors. */
export function asVectors(file: string, kind: string, cases: number, input: Kind["input"]): Kind {
  return { kind, cases, tolerance: toleranceOf(file), input, got: statisticsRunners[file]! };
}
