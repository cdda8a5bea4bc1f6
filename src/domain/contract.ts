import { formatTensor, type TensorSpec } from "./model.ts";
import type { Problem } from "./problem.ts";

/** What a configuration declares of a side: name → type and shape. */
export type Declared = Readonly<Record<string, Pick<TensorSpec, "dtype" | "shape">>>;

const varies = (side: number | string): boolean => typeof side === "string" || side === -1;

const sameShape = (declared: TensorSpec["shape"], found: TensorSpec["shape"]): boolean =>
  declared.length === found.length &&
  declared.every((side, axis) => varies(side) || varies(found[axis]!) || side === found[axis]);

/**
 * Every difference between what is declared and what was found. A dimension that varies on either side agrees with any.
 * @param what names the other side in messages: `the graph`, `the served model`.
 */
export function contractProblems(
  side: "input" | "output",
  declared: Declared,
  found: readonly TensorSpec[],
  context: { what: string; file: string },
): Problem[] {
  const problem = (key: string, message: string, hint: string): Problem => ({
    code: "model.contract",
    message,
    hint,
    at: { file: context.file, key },
  });
  const known = found.map((spec) => `${spec.name}: ${formatTensor(spec)}`).join(", ") || "none";
  const mismatches = Object.entries(declared).flatMap(([name, spec]): Problem[] => {
    const match = found.find((other) => other.name === name);
    if (!match)
      return [
        problem(
          name,
          `the contract declares the ${side} ${name}, and ${context.what} has no such ${side}`,
          `Its ${side}s are ${known}.`,
        ),
      ];
    if (match.dtype === spec.dtype && sameShape(spec.shape, match.shape)) return [];
    return [
      problem(
        name,
        `the contract declares the ${side} ${name} as ${formatTensor(spec)}, and ${context.what} has ${formatTensor(match)}`,
        "Correct the contract, or export the model as declared.",
      ),
    ];
  });
  const undeclared = side === "input" ? found.filter((spec) => !Object.hasOwn(declared, spec.name)) : [];
  return [
    ...mismatches,
    ...undeclared.map((spec) =>
      problem(
        spec.name,
        `${context.what} needs the input ${spec.name}: ${formatTensor(spec)}, and the contract does not declare it`,
        "Declare it: who calls the model must send it.",
      ),
    ),
  ];
}
