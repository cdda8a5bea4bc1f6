import type { JsonValue } from "../../../domain/json.ts";
import type { Dtype } from "../../../domain/model.ts";
import type { Tensor, Tensors } from "../../../domain/tensor.ts";
import { nested, valuesOf } from "../../../domain/values.ts";

/** The only input of a request. @throws RangeError when there are several, and the protocol has one. */
export function onlyInput(inputs: Tensors, speaks: string): [name: string, tensor: Tensor] {
  const [first, ...rest] = Object.entries(inputs);
  if (first && rest.length === 0) return first;
  throw new RangeError(`${speaks} takes one input, and the model has ${rest.length + (first ? 1 : 0)}`);
}

/** A tensor as nested lists. @throws RangeError for NaN and infinities, which JSON cannot say. */
export function listsOf(tensor: Tensor): JsonValue {
  const odd = tensor.data.find((value) => typeof value === "number" && !Number.isFinite(value));
  if (odd !== undefined) throw new RangeError(`${String(odd)} cannot be sent as JSON`);
  return nested(tensor);
}

/** How many rows inputs have: their first dimension. @throws RangeError when it differs. */
export function rowsOf(inputs: Tensors): number {
  const rows = Object.values(inputs).map(({ shape }) => shape[0] ?? 1);
  if (new Set(rows).size > 1) throw new RangeError(`the inputs have different numbers of rows: ${rows.join(", ")}`);
  return rows[0] ?? 0;
}

/** One entry per row: an only input by its values, several by their names. @throws RangeError when rows differ in number. */
export function instancesOf(inputs: Tensors): JsonValue {
  const lists = Object.entries(inputs).map(([name, tensor]) => [name, listsOf(tensor)] as const);
  if (lists.length === 1) return lists[0]![1];
  return Array.from({ length: rowsOf(inputs) }, (_, row) =>
    Object.fromEntries(lists.map(([name, list]) => [name, (list as JsonValue[])[row]!])),
  );
}

/** Numbers are read as they are written: an integer as a bigint, 1.0 as a number. One float among them makes all floats. */
function dtypeOf(data: Tensor["data"]): Dtype {
  if (data.length > 0 && data.every((value) => typeof value === "string")) return "string";
  if (data.length > 0 && data.every((value) => typeof value === "boolean")) return "bool";
  return data.length > 0 && data.every((value) => typeof value === "bigint") ? "int64" : "float64";
}

/** Integers that fit are numbers everywhere else. */
const plain = (value: Tensor["data"][number]): Tensor["data"][number] =>
  typeof value === "bigint" && Number.isSafeInteger(Number(value)) ? Number(value) : value;

/**
 * A tensor from nested lists or a single value; its type is what is in it, as it was written.
 * @throws RangeError for ragged lists, objects, null, and values of different kinds.
 */
export function tensorOf(value: JsonValue | undefined, what: string): Tensor {
  if (value === undefined) throw new RangeError(`the answer has no ${what}`);
  const { shape, data } = valuesOf(Array.isArray(value) ? value : [value], what);
  const kinds = new Set(data.map((element) => (typeof element === "bigint" ? "number" : typeof element)));
  if (kinds.size > 1) throw new RangeError(`${what} holds ${[...kinds].join(" and ")}s side by side`);
  const dtype = dtypeOf(data);
  return { dtype, shape, data: dtype === "float64" ? data.map(Number) : data.map(plain) };
}

/** A tensor of numbers that are floats, however they are written. @throws RangeError as {@link tensorOf}, and for no numbers. */
export function floatsOf(value: JsonValue | undefined, what: string): Tensor {
  const { dtype, shape, data } = tensorOf(value, what);
  if (dtype !== "float64" && dtype !== "int64") throw new RangeError(`${what} holds no numbers`);
  return { dtype: "float64", shape, data: data.map(Number) };
}

/** Predictions row by row: values under the name given, or objects whose keys are the outputs. @throws RangeError */
export function predictionsOf(value: JsonValue | undefined, name: string): Tensors {
  const rows = Array.isArray(value) ? value : [];
  const named = rows.filter((row) => typeof row === "object" && row !== null && !Array.isArray(row));
  if (named.length === 0) return { [name]: tensorOf(value, name) };
  if (named.length < rows.length) throw new RangeError(`${name} holds objects and values side by side`);
  const objects = named as { [key: string]: JsonValue }[];
  const keys = Object.keys(objects[0]!);
  if (objects.some((row) => Object.keys(row).toSorted().join("\u0000") !== keys.toSorted().join("\u0000")))
    throw new RangeError(`the rows of ${name} have different keys`);
  return Object.fromEntries(
    keys.map((key) => [
      key,
      tensorOf(
        objects.map((row) => row[key] ?? null),
        key,
      ),
    ]),
  );
}

/** The one text of an input. @throws RangeError when it is missing, or not one text. */
export function textOf(inputs: Tensors, name: string): string {
  const [text, ...more] = inputs[name]?.data ?? [];
  if (typeof text === "string" && more.length === 0) return text;
  throw new RangeError(`the input ${name} must be one text`);
}

/** Inputs of one value as fields of a request, but those that have a place of their own. @throws RangeError for more values. */
export const fieldsBeside = (inputs: Tensors, own: readonly string[]): { [key: string]: JsonValue } =>
  Object.fromEntries(
    Object.entries(inputs)
      .filter(([name]) => !own.includes(name))
      .map(([name, { data }]) => {
        if (data.length !== 1)
          throw new RangeError(`the input ${name} must be one value: it is a field of the request`);
        return [name, data[0]!];
      }),
  );
