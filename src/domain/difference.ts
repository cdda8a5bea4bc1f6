import type { Claim } from "./golden/claim.ts";
import { jsonOf, type Part, partAt, tensorOf, textPart, textsOf } from "./golden/part.ts";
import type { Golden } from "./golden.ts";
import type { JsonValue } from "./json.ts";
import type { Dtype } from "./model.ts";
import { shorten } from "./shorten.ts";
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

/** What a golden request says of closeness; null: the default of the output's precision. */
export type Tolerances = Pick<Golden, "rtol" | "atol" | "equalNan">;

/** How much of a text is shown, in characters. */
const shownText = 200;

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

function floatDifference(name: string, output: Tensor, expected: Values, golden: Tolerances): string | null {
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

/** An output, or a part of one, against the values that are expected of it. */
function valuesDifference(name: string, output: Tensor, expected: Values, golden: Tolerances): string | null {
  if (output.shape.join() !== expected.shape.join())
    return `${name} has the shape [${output.shape.join(",")}], and [${expected.shape.join(",")}] is expected`;
  return isFloat(output.dtype)
    ? floatDifference(name, output, expected, golden)
    : exactDifference(name, output, expected);
}

/** The outputs of an answer against those that are expected, by name: numpy.allclose for floats, equality for the rest. */
export function outputsDifference(
  outputs: Tensors,
  expected: Readonly<Record<string, Values>>,
  golden: Tolerances,
): string | null {
  for (const [name, values] of Object.entries(expected)) {
    const output = Object.hasOwn(outputs, name) ? outputs[name] : undefined;
    if (!output) return `the answer has no output ${name}; it has ${Object.keys(outputs).join(", ")}`;
    const difference = valuesDifference(name, output, values, golden);
    if (difference !== null) return difference;
  }
  return null;
}

/** How answers are understood where numbers and texts alone do not say. */
export interface Reading {
  /** The class an answer means. @throws Error when nothing says how. */
  labelOf(outputs: Tensors): string;
  /** What of a value a JSON Schema refuses; null: nothing. @throws RangeError when the schema is none. */
  schemaFault(schema: JsonValue, value: JsonValue): string | null;
}

const quoted = (text: string): string => JSON.stringify(shorten(text, shownText));

function textDifference(claim: Claim & { kind: "contains" | "regex" }, part: Part): string | null {
  for (const text of textsOf(part))
    if (claim.kind === "regex") {
      if (!claim.pattern.test(text)) return `${part.name} is ${quoted(text)}, which does not match ${claim.pattern}`;
    } else {
      const missing = claim.texts.find((wanted) => !text.includes(wanted));
      if (missing !== undefined) return `${part.name} is ${quoted(text)}, which does not contain ${quoted(missing)}`;
    }
  return null;
}

/** Without a path a schema is about the JSON in the only output of text, else about all outputs by name. */
function schemaPart(outputs: Tensors): Part {
  const texts = Object.values(outputs).filter(({ dtype }) => dtype === "string");
  if (texts.length > 0) return textPart(outputs);
  return {
    name: "the answer",
    value: Object.fromEntries(Object.entries(outputs).map(([name, one]) => [name, nested(one)])),
  };
}

function claimDifference(claim: Claim, golden: Golden, outputs: Tensors, reading: Reading): string | null {
  const at = (otherwise: (outputs: Tensors) => Part): Part =>
    golden.path === null ? otherwise(outputs) : partAt(outputs, golden.path);
  switch (claim.kind) {
    case "label": {
      const label = reading.labelOf(outputs);
      return label === claim.label ? null : `the answer means "${label}", and "${claim.label}" is expected`;
    }
    case "outputs":
      return outputsDifference(outputs, claim.outputs, golden);
    case "values": {
      const part = partAt(outputs, golden.path ?? []);
      return valuesDifference(part.name, tensorOf(part), claim.values, golden);
    }
    case "contains":
    case "regex":
      return textDifference(claim, at(textPart));
    case "schema": {
      const faults = jsonOf(at(schemaPart)).map(({ name, value }) => {
        const fault = reading.schemaFault(claim.schema, value);
        return fault === null ? null : `${name} does not satisfy the schema: ${fault}`;
      });
      return faults.find((fault) => fault !== null) ?? null;
    }
  }
}

/**
 * What is wrong with an answer to a golden request, or null: numpy.allclose for floats, equality for the rest, and what is
 * claimed in words (gate specification, 4.2).
 */
export function goldenDifference(golden: Golden, outputs: Tensors, reading: Reading): string | null {
  for (const claim of golden.expect)
    try {
      const difference = claimDifference(claim, golden, outputs, reading);
      if (difference !== null) return difference;
    } catch (error) {
      // Where a path or a text leads nowhere, the answer is not what is expected.
      if (error instanceof RangeError) return error.message;
      throw error;
    }
  return null;
}
