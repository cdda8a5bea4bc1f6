import { isObject, type JsonValue, writeJson } from "../../../domain/json.ts";
import { type Dtype, datatypeOf, dtypes, type TensorSpec } from "../../../domain/model.ts";
import type { Tensor, Tensors } from "../../../domain/tensor.ts";
import { isFloat } from "../../../domain/values.ts";
import { readBytes } from "./binary.ts";

/** Datatypes of the Open Inference Protocol → ours. */
const dtypeOf: Readonly<Record<string, Dtype>> = Object.fromEntries(dtypes.map((dtype) => [datatypeOf[dtype], dtype]));

/** One number or text as the protocol's JSON has it. @throws RangeError for NaN and infinities, which JSON cannot say. */
function write(value: Tensor["data"][number]): string {
  if (typeof value === "number" && !Number.isFinite(value)) throw new RangeError(`${value} cannot be sent as JSON`);
  return typeof value === "bigint" ? String(value) : JSON.stringify(value);
}

/** The JSON text of a request's input. @throws RangeError for NaN and infinities. */
export const writeTensor = (name: string, { dtype, shape, data }: Tensor): string =>
  `{"name":${JSON.stringify(name)},"datatype":"${datatypeOf[dtype]}","shape":${JSON.stringify(shape)},"data":[${data.map(write).join(",")}]}`;

/** The JSON text of a request. @throws RangeError for NaN and infinities. */
export const writeRequest = (id: string, inputs: Tensors): string =>
  `{"id":${JSON.stringify(id)},"inputs":[${Object.entries(inputs)
    .map(([name, tensor]) => writeTensor(name, tensor))
    .join(",")}]}`;

function shapeOf(value: JsonValue | undefined, least: 0 | -1): number[] {
  if (!Array.isArray(value)) throw new SyntaxError("a tensor has no shape");
  return value.map((side) => {
    if (typeof side !== "number" || !Number.isSafeInteger(side) || side < least)
      throw new SyntaxError(`a tensor's shape is not of whole numbers from ${least}`);
    return side;
  });
}

const flatten = (value: JsonValue[]): JsonValue[] =>
  value.some(Array.isArray) ? (value.flat(Number.POSITIVE_INFINITY as 1) as JsonValue[]) : value;

/** An element as its dtype has it: floats as numbers, integers whole and exact. @throws SyntaxError */
function elementOf(value: JsonValue, dtype: Dtype): Tensor["data"][number] {
  if (dtype === "string" && typeof value === "string") return value;
  if (dtype === "bool" && (typeof value === "boolean" || value === 0 || value === 1)) return Boolean(value);
  if (isFloat(dtype) && (typeof value === "number" || typeof value === "bigint")) return Number(value);
  if (/^u?int/.test(dtype) && (typeof value === "bigint" || Number.isInteger(value))) return value as number | bigint;
  const shown = typeof value === "number" || typeof value === "bigint" ? String(value) : JSON.stringify(value);
  throw new SyntaxError(`a ${dtype} tensor holds ${shown.slice(0, 40)}`);
}

/** The bytes behind an answer that no tensor has taken yet. */
interface Raw {
  left: Buffer;
}

/** The elements of a tensor: nested or flat in the JSON, or as many of the bytes behind it as it says. */
function dataOf(value: { [key: string]: JsonValue }, name: string, dtype: Dtype, raw: Raw): Tensor["data"] {
  const size = isObject(value["parameters"]) ? value["parameters"]["binary_data_size"] : undefined;
  if (size !== undefined) {
    if (typeof size !== "number" || !Number.isSafeInteger(size) || size < 0 || size > raw.left.length)
      throw new SyntaxError(`the output "${name}" has ${writeJson(size)} bytes, and ${raw.left.length} are left`);
    const own = raw.left.subarray(0, size);
    raw.left = raw.left.subarray(size);
    return readBytes(dtype, own);
  }
  if (!Array.isArray(value["data"])) throw new SyntaxError(`the output "${name}" has no data`);
  return flatten(value["data"]).map((element) => elementOf(element, dtype));
}

/** The dtype that an output's datatype names. @throws SyntaxError */
export function dtypeNamed(name: string, datatype: JsonValue | undefined): Dtype {
  const dtype = typeof datatype === "string" ? dtypeOf[datatype] : undefined;
  if (dtype) return dtype;
  throw new SyntaxError(`the output "${name}" has the datatype ${JSON.stringify(datatype)}`);
}

/** An output that has as many elements as its shape says. @throws SyntaxError */
export function checkedTensor(
  name: string,
  dtype: Dtype,
  written: JsonValue | undefined,
  data: Tensor["data"],
): [string, Tensor] {
  const shape = shapeOf(written, 0);
  const size = shape.reduce((product, side) => product * side, 1);
  if (data.length !== size)
    throw new SyntaxError(
      `the output "${name}" has ${data.length} values, and its shape [${shape.join(",")}] needs ${size}`,
    );
  return [name, { dtype, shape, data }];
}

/** Reads an output tensor. @throws SyntaxError */
function readTensor(value: JsonValue, raw: Raw): [string, Tensor] {
  if (!isObject(value) || typeof value["name"] !== "string") throw new SyntaxError("an output has no name");
  const { name } = value;
  const dtype = dtypeNamed(name, value["datatype"]);
  return checkedTensor(name, dtype, value["shape"], dataOf(value, name, dtype, raw));
}

/** Outputs by their names. @throws SyntaxError for a name that stands twice. */
export function distinct(tensors: readonly [string, Tensor][]): Tensors {
  const names = tensors.map(([name]) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new SyntaxError(`the output "${twice}" stands twice`);
  return Object.fromEntries(tensors);
}

/**
 * Reads the outputs of an answer.
 * @param bytes of tensors, behind the JSON. @throws SyntaxError for what is not a tensor, for a name that stands twice, and for
 * bytes that are nobody's.
 */
export function readTensors(value: readonly JsonValue[], bytes: Buffer): Tensors {
  const raw = { left: bytes };
  const tensors = value.map((output) => readTensor(output, raw));
  if (raw.left.length > 0) throw new SyntaxError(`${raw.left.length} bytes belong to no output`);
  return distinct(tensors);
}

/** Reads the tensors of a model's metadata. @throws SyntaxError */
export function readSpecs(value: JsonValue | undefined): TensorSpec[] {
  if (!Array.isArray(value)) throw new SyntaxError("the metadata has no list of tensors");
  return value.map((entry) => {
    const dtype = isObject(entry) && typeof entry["datatype"] === "string" ? dtypeOf[entry["datatype"]] : undefined;
    if (!isObject(entry) || typeof entry["name"] !== "string" || !dtype)
      throw new SyntaxError("a tensor of the metadata has no name or no known datatype");
    return { name: entry["name"], dtype, shape: shapeOf(entry["shape"], -1) };
  });
}
