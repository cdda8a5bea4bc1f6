import { isObject, type JsonValue, writeJson } from "./json.ts";
import type { Dtype, TensorSpec } from "./model.ts";
import type { Tensor } from "./tensor.ts";

/** Elements in row-major order and their shape, as a person wrote them: nothing is said of their precision yet. */
export type Values = Pick<Tensor, "shape" | "data">;
type Element = Tensor["data"][number];

export const isFloat = (dtype: Dtype): boolean => dtype.includes("float");

const sizeOf = (shape: readonly number[]): number => shape.reduce((product, side) => product * side, 1);

function shapeOf(value: JsonValue, what: string): number[] {
  if (!Array.isArray(value)) return [];
  const [first = [], ...rest] = value.map((item) => shapeOf(item, what));
  if (rest.some((shape) => shape.join() !== first.join())) throw new RangeError(`${what} is a ragged list`);
  return [value.length, ...first];
}

function elementsOf(value: JsonValue, what: string): Element[] {
  if (Array.isArray(value)) return value.flatMap((item) => elementsOf(item, what));
  if (value === null || typeof value === "object")
    throw new RangeError(`${what} holds ${value === null ? "null" : "an object"}`);
  return [value];
}

/**
 * Values from nested lists, or from `{"shape", "data"}` with flat or nested data.
 * @param what names them in messages. @throws RangeError
 */
export function valuesOf(value: JsonValue, what: string): Values {
  if (!isObject(value)) return { shape: shapeOf(value, what), data: elementsOf(value, what) };
  const { shape, data } = value;
  const whole = (side: JsonValue): side is number => typeof side === "number" && Number.isInteger(side) && side >= 0;
  if (!Array.isArray(shape) || !shape.every(whole))
    throw new RangeError(`${what} needs a "shape" of whole numbers from 0, or nested lists`);
  const elements = elementsOf(data ?? null, what);
  if (elements.length !== sizeOf(shape))
    throw new RangeError(
      `${what} has ${elements.length} values, and its shape [${shape.join(",")}] needs ${sizeOf(shape)}`,
    );
  return { shape, data: elements };
}

/** An element of an input in the model's precision. @throws RangeError */
function inputElement(value: Element, { name, dtype }: TensorSpec): Element {
  const wanted = dtype === "string" ? "string" : dtype === "bool" ? "boolean" : "number";
  const number = typeof value === "number" || typeof value === "bigint";
  if (wanted === "number" ? !number : typeof value !== wanted)
    throw new RangeError(`the input ${name} must hold ${wanted}s only`);
  if (!number) return value;
  if (isFloat(dtype) && Number.isFinite(Number(value))) return Number(value);
  if (!isFloat(dtype) && (typeof value === "bigint" || Number.isInteger(value))) return value;
  throw new RangeError(`the input ${name} holds ${value}, which ${dtype} in a request cannot`);
}

/** An input of a model from nested lists or `{"dtype", "shape", "data"}`. @throws RangeError */
export function inputOf(value: JsonValue | undefined, spec: TensorSpec): Tensor {
  if (value === undefined) throw new RangeError(`the input ${spec.name} is missing`);
  if (isObject(value) && value["dtype"] !== undefined && value["dtype"] !== spec.dtype)
    throw new RangeError(`the input ${spec.name} is ${writeJson(value["dtype"])}, and the model takes ${spec.dtype}`);
  const { shape, data } = valuesOf(value, `the input ${spec.name}`);
  const fits =
    shape.length === spec.shape.length &&
    spec.shape.every((side, axis) => typeof side === "string" || side === -1 || side === shape[axis]);
  if (!fits)
    throw new RangeError(
      `the input ${spec.name} has shape [${shape.join(",")}], and the model takes [${spec.shape.join(",")}]`,
    );
  return { dtype: spec.dtype, shape, data: data.map((element) => inputElement(element, spec)) };
}

/** Values as nested lists of their shape. */
export function nested({ shape, data }: Values): JsonValue {
  const build = (axis: number, offset: number): JsonValue => {
    const side = shape[axis];
    if (side === undefined) return data[offset]!;
    const width = sizeOf(shape.slice(axis + 1));
    return Array.from({ length: side }, (_, index) => build(axis + 1, offset + index * width));
  };
  return build(0, 0);
}

/** A request of zeros (or of empty texts) for a model: open dimensions are 1. */
export const zeros = (specs: readonly TensorSpec[]): Readonly<Record<string, Tensor>> =>
  Object.fromEntries(
    specs.map(({ name, dtype, shape: sides }) => {
      const shape = sides.map((side) => (typeof side === "string" || side === -1 ? 1 : side));
      const zero: Element = dtype === "string" ? "" : dtype === "bool" ? false : 0;
      return [name, { dtype, shape, data: Array.from({ length: sizeOf(shape) }, () => zero) }];
    }),
  );
