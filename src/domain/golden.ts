import type { Dtype, TensorSpec } from "./model.ts";
import { type Problem, UserError } from "./problem.ts";
import { type Closeness, closeness, type Nested } from "./statistics/tolerance.ts";
import type { Tensor, Tensors } from "./tensor.ts";

/** What a golden request must be answered with. */
export type Expectation = { outputs: Readonly<Record<string, Nested | readonly string[]>> } | { label: string };

/** A request whose answer is known. */
export interface Golden {
  id: string;
  inputs: Tensors;
  expect: Expectation;
  rtol: number | null;
  atol: number | null;
  equalNan: boolean;
}

/** Default tolerances (relative, absolute) by the precision of the output. */
const tolerances: Partial<Record<Dtype, readonly [number, number]>> = {
  float64: [1e-6, 1e-8],
  float32: [1e-3, 1e-5],
  float16: [2e-2, 1e-3],
  bfloat16: [2e-2, 1e-3],
};

const flat = (value: unknown): unknown[] => (Array.isArray(value) ? value.flatMap(flat) : [value]);

function shapeOf(value: unknown): number[] {
  return Array.isArray(value) ? [value.length, ...(value.length > 0 ? shapeOf(value[0]) : [])] : [];
}

/** A nested list as a tensor of the model's type. @throws RangeError */
function tensorOf(value: unknown, spec: TensorSpec): Tensor {
  const shape = shapeOf(value);
  const data = flat(value);
  if (data.length !== shape.reduce((product, side) => product * side, 1))
    throw new RangeError(`the input ${spec.name} is a ragged list`);
  const fits =
    shape.length === spec.shape.length &&
    spec.shape.every((side, axis) => typeof side === "string" || side === -1 || side === shape[axis]);
  if (!fits)
    throw new RangeError(
      `the input ${spec.name} has shape [${shape.join(",")}], and the model takes [${spec.shape.join(",")}]`,
    );
  const wanted = spec.dtype === "string" ? "string" : spec.dtype === "bool" ? "boolean" : "number";
  if (data.some((element) => typeof element !== wanted))
    throw new RangeError(`the input ${spec.name} must hold ${wanted}s only`);
  return { dtype: spec.dtype, shape, data: data as Tensor["data"] };
}

function expectationOf(value: unknown): Expectation {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new RangeError('"expect" must be {"label": …} or outputs by name');
  const fields = value as Record<string, unknown>;
  if (typeof fields["label"] === "string" && Object.keys(fields).length === 1) return { label: fields["label"] };
  if (Object.keys(fields).length === 0) throw new RangeError('"expect" expects nothing');
  return { outputs: fields as { [name: string]: Nested } };
}

const known = ["id", "inputs", "expect", "rtol", "atol", "equal_nan", "recorded"];

function goldenOf(text: string, specs: readonly TensorSpec[]): Golden {
  const value = JSON.parse(text) as Record<string, unknown>;
  const unknown = Object.keys(value).find((key) => !known.includes(key));
  if (unknown !== undefined) throw new RangeError(`the key "${unknown}" is unknown; known: ${known.join(", ")}`);
  const inputs = value["inputs"] as Record<string, unknown> | undefined;
  if (typeof value["id"] !== "string" || value["id"] === "") throw new RangeError('"id" is missing');
  if (typeof inputs !== "object" || inputs === null) throw new RangeError('"inputs" is missing');
  const extra = Object.keys(inputs).find((name) => !specs.some((spec) => spec.name === name));
  if (extra !== undefined)
    throw new RangeError(
      `the model has no input ${extra}; its inputs are ${specs.map((spec) => spec.name).join(", ")}`,
    );
  const numberOrNull = (key: string): number | null => {
    if (value[key] === undefined) return null;
    if (typeof value[key] !== "number" || !(value[key] >= 0)) throw new RangeError(`"${key}" must be a number from 0`);
    return value[key];
  };
  return {
    id: value["id"],
    inputs: Object.fromEntries(
      specs.map((spec) => {
        if (inputs[spec.name] === undefined) throw new RangeError(`the input ${spec.name} is missing`);
        return [spec.name, tensorOf(inputs[spec.name], spec)];
      }),
    ),
    expect: expectationOf(value["expect"]),
    rtol: numberOrNull("rtol"),
    atol: numberOrNull("atol"),
    equalNan: value["equal_nan"] === true,
  };
}

/** Reads golden requests, a JSON object per line. @throws UserError `data.syntax` with every line that is wrong. */
export function readGoldens(text: string, file: string, specs: readonly TensorSpec[]): Golden[] {
  const problems: Problem[] = [];
  const goldens: Golden[] = [];
  for (const [index, line] of text.split("\n").entries()) {
    if (line.trim() === "") continue;
    try {
      const golden = goldenOf(line, specs);
      if (goldens.some(({ id }) => id === golden.id)) throw new RangeError(`the id "${golden.id}" stands twice`);
      goldens.push(golden);
    } catch (error) {
      problems.push({
        code: "data.syntax",
        message: `${file}: ${(error as Error).message}`,
        hint: 'A golden request is {"id", "inputs", "expect"}; modelgate smoke --record writes some.',
        at: { file, line: index + 1 },
      });
    }
  }
  if (problems.length > 0) throw new UserError(problems);
  return goldens;
}

/** A tensor as nested lists of its shape. */
export function nested(tensor: Tensor): Nested {
  const build = (axis: number, offset: number): Nested => {
    const width = tensor.shape.slice(axis + 1).reduce((product, side) => product * side, 1);
    if (axis === tensor.shape.length) return Number(tensor.data[offset]);
    return Array.from({ length: tensor.shape[axis]! }, (_, index) => build(axis + 1, offset + index * width));
  };
  return build(0, 0);
}

const missText = ({ worst, shape, misses }: Closeness, name: string): string =>
  worst
    ? `${name}[${worst.index.join("][")}] is ${worst.actual}, and ${worst.expected} is expected: off by ${worst.error.toPrecision(3)}, ${worst.allowed.toPrecision(3)} is allowed (${misses} values are out)`
    : `${name} has another shape${shape && shape.length > 0 ? ` at [${shape.join("][")}]` : ""}`;

/**
 * What is wrong with an answer, or null.
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
    const output = outputs[name];
    if (!output) return `the answer has no output ${name}; it has ${Object.keys(outputs).join(", ")}`;
    const [rtol, atol] = tolerances[output.dtype] ?? [0, 0];
    if (output.dtype === "string") {
      if (JSON.stringify(flat(expected)) !== JSON.stringify(output.data))
        return `${name} is ${JSON.stringify(output.data)}, and ${JSON.stringify(expected)} is expected`;
      continue;
    }
    const found = closeness(nested(output), expected as Nested, {
      rtol: golden.rtol ?? rtol,
      atol: golden.atol ?? atol,
      equalNan: golden.equalNan,
    });
    if (!found.close) return missText(found, name);
  }
  return null;
}

/** A golden request as a line of JSON, from what an endpoint answered. */
export const recordGolden = (id: string, inputs: Tensors, outputs: Tensors, recorded: string): string =>
  JSON.stringify({
    id,
    inputs: Object.fromEntries(
      Object.entries(inputs).map(([name, tensor]) => [name, tensor.dtype === "string" ? tensor.data : nested(tensor)]),
    ),
    expect: Object.fromEntries(
      Object.entries(outputs).map(([name, tensor]) => [name, tensor.dtype === "string" ? tensor.data : nested(tensor)]),
    ),
    recorded,
  });
