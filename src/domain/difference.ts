import type { Golden } from "./golden.ts";
import type { Dtype } from "./model.ts";
import { closeness, type Miss, type Nested } from "./statistics/tolerance.ts";
import type { Tensor, Tensors } from "./tensor.ts";
import { isFloat, nested, type Values } from "./values.ts";

/** Default tolerances (relative, absolute) by the precision of the output; everything else is exact. */
const tolerances: Partial<Record<Dtype, readonly [number, number]>> = {
  float64: [1e-6, 1e-8],
  float32: [1e-3, 1e-5],
  float16: [2e-2, 1e-3],
  bfloat16: [2e-2, 1e-3],
};

/** Probabilities sum to 1 within this. */
const sumTolerance = 1e-3;

const place = (index: readonly number[]): string => (index.length === 0 ? "" : `[${index.join("][")}]`);
const out = (misses: number): string => `${misses} ${misses === 1 ? "value is" : "values are"} out`;

function missText(name: string, { index, actual, expected, error, allowed }: Miss, misses: number): string {
  const ratio = error / allowed;
  const times = Number.isFinite(ratio) ? `, ${ratio.toPrecision(3)} times that` : "";
  return `${name}${place(index)} is ${actual}, and ${expected} is expected: ${allowed.toPrecision(3)} is allowed, and it is off by ${error.toPrecision(3)}${times} (${out(misses)})`;
}

/** Where a flat index lies in a shape. */
function indexIn(shape: readonly number[], flat: number): number[] {
  const index: number[] = [];
  let rest = flat;
  for (const side of shape.toReversed()) {
    index.unshift(rest % side);
    rest = Math.floor(rest / side);
  }
  return index;
}

function floatDifference(name: string, output: Tensor, expected: Values, golden: Golden): string | null {
  if (!expected.data.every((value) => typeof value === "number" || typeof value === "bigint"))
    return `${name} holds numbers, and something else is expected`;
  const [rtol, atol] = tolerances[output.dtype]!;
  const want = expected.data.map(Number);
  const got = output.data.map(Number);
  const { worst, misses } = closeness(
    nested({ ...output, data: got }) as Nested,
    nested({ ...expected, data: want }) as Nested,
    { rtol: golden.rtol ?? rtol, atol: golden.atol ?? atol, equalNan: golden.equalNan },
  );
  return worst ? missText(name, worst, misses) : distributionDifference(name, output.shape, got, want);
}

/** Rows that are expected to be probabilities must also sum to 1 and have their largest at the same place. */
function distributionDifference(
  name: string,
  shape: readonly number[],
  got: readonly number[],
  want: readonly number[],
): string | null {
  const width = shape.at(-1) ?? 1;
  if (width < 2) return null;
  for (let at = 0; at < want.length; at += width) {
    const [row, expected] = [got.slice(at, at + width), want.slice(at, at + width)];
    const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
    if (expected.some((value) => !(value >= 0)) || Math.abs(sum(expected) - 1) > sumTolerance) continue;
    const where = `${name}${place(indexIn(shape, at).slice(0, -1))}`;
    if (Math.abs(sum(row) - 1) > sumTolerance) return `${where} sums to ${sum(row)}, and probabilities sum to 1`;
    const top = row.indexOf(Math.max(...row));
    if (expected[top]! < Math.max(...expected))
      return `the largest of ${where} is at ${top}, and at ${expected.indexOf(Math.max(...expected))} it is expected`;
  }
  return null;
}

/** Integers, texts and truths are equal or not. */
function exactDifference(name: string, output: Tensor, expected: Values): string | null {
  const plain = (value: Tensor["data"][number]): string =>
    typeof value === "string" ? JSON.stringify(value) : String(value);
  const wrong = output.data.flatMap((value, index) => (plain(value) === plain(expected.data[index]!) ? [] : [index]));
  const [first] = wrong;
  return first === undefined
    ? null
    : `${name}${place(indexIn(output.shape, first))} is ${plain(output.data[first]!)}, and ${plain(expected.data[first]!)} is expected (${out(wrong.length)})`;
}

/**
 * What is wrong with an answer to a golden request, or null: numpy.allclose for floats, equality for the rest (gate
 * specification, 4.2).
 * @param labelOf the class an answer means, for golden requests that expect a label.
 */
export function goldenDifference(
  golden: Golden,
  outputs: Tensors,
  labelOf: (outputs: Tensors) => string,
): string | null {
  if ("label" in golden.expect) {
    const label = labelOf(outputs);
    return label === golden.expect.label
      ? null
      : `the answer means "${label}", and "${golden.expect.label}" is expected`;
  }
  for (const [name, expected] of Object.entries(golden.expect.outputs)) {
    const output = Object.hasOwn(outputs, name) ? outputs[name] : undefined;
    if (!output) return `the answer has no output ${name}; it has ${Object.keys(outputs).join(", ")}`;
    if (output.shape.join() !== expected.shape.join())
      return `${name} has the shape [${output.shape.join(",")}], and [${expected.shape.join(",")}] is expected`;
    const difference = isFloat(output.dtype)
      ? floatDifference(name, output, expected, golden)
      : exactDifference(name, output, expected);
    if (difference !== null) return difference;
  }
  return null;
}
