import type { Dtype, TensorSpec } from "../../../domain/model.ts";
import type { Tensor } from "../../../domain/tensor.ts";
import { isObject, type JsonValue } from "../../../domain/json.ts";

/** Datatypes of the Open Inference Protocol → ours. */
const dtypeOf: Readonly<Record<string, Dtype>> = {
  BOOL: "bool",
  UINT8: "uint8",
  INT8: "int8",
  UINT16: "uint16",
  INT16: "int16",
  UINT32: "uint32",
  INT32: "int32",
  UINT64: "uint64",
  INT64: "int64",
  FP16: "float16",
  BF16: "bfloat16",
  FP32: "float32",
  FP64: "float64",
  BYTES: "string",
};
export const datatypeOf: Readonly<Record<Dtype, string>> = Object.fromEntries(
  Object.entries(dtypeOf).map(([name, dtype]) => [dtype, name]),
) as Record<Dtype, string>;

type Fields = { [key: string]: JsonValue };
export const isObject = (value: JsonValue | undefined): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** One number or text as the protocol's JSON has it. */
const write = (value: Tensor["data"][number]): string =>
  typeof value === "bigint" ? String(value) : JSON.stringify(value);

/** The JSON text of a request's input. */
export const writeTensor = (name: string, tensor: Tensor): string =>
  `{"name":${JSON.stringify(name)},"datatype":"${datatypeOf[tensor.dtype]}","shape":${JSON.stringify(tensor.shape)},"data":[${tensor.data.map(write).join(",")}]}`;

function shapeOf(value: JsonValue | undefined): number[] {
  if (!Array.isArray(value)) throw new SyntaxError("a tensor has no shape");
  return value.map((side) => {
    if (typeof side !== "number" || !Number.isInteger(side))
      throw new SyntaxError("a tensor's shape is not of whole numbers");
    return side;
  });
}

const flatten = (value: JsonValue[]): JsonValue[] =>
  value.some(Array.isArray) ? (value.flat(Number.POSITIVE_INFINITY as 1) as JsonValue[]) : value;

function elementOf(value: JsonValue, dtype: Dtype): Tensor["data"][number] {
  const fits =
    dtype === "string"
      ? typeof value === "string"
      : dtype === "bool"
        ? typeof value === "boolean" || value === 0 || value === 1
        : typeof value === "number" || typeof value === "bigint";
  if (!fits)
    throw new SyntaxError(
      `a ${dtype} tensor holds ${JSON.stringify(typeof value === "bigint" ? String(value) : value)?.slice(0, 40)}`,
    );
  return value as Tensor["data"][number];
}

/** Reads an output tensor: its data may be nested or flat. @throws SyntaxError */
export function readTensor(value: JsonValue): [string, Tensor] {
  if (!isObject(value) || typeof value["name"] !== "string") throw new SyntaxError("an output has no name");
  const dtype = typeof value["datatype"] === "string" ? dtypeOf[value["datatype"]] : undefined;
  if (!dtype)
    throw new SyntaxError(`the output "${value["name"]}" has the datatype ${JSON.stringify(value["datatype"])}`);
  const shape = shapeOf(value["shape"]);
  if (!Array.isArray(value["data"])) throw new SyntaxError(`the output "${value["name"]}" has no data`);
  const data = flatten(value["data"]).map((element) => elementOf(element, dtype));
  const size = shape.reduce((product, side) => product * side, 1);
  if (data.length !== size)
    throw new SyntaxError(
      `the output "${value["name"]}" has ${data.length} values, and its shape [${shape.join(",")}] needs ${size}`,
    );
  return [value["name"], { dtype, shape, data }];
}

/** Reads the tensors of a model's metadata. @throws SyntaxError */
export function readSpecs(value: JsonValue | undefined): TensorSpec[] {
  if (!Array.isArray(value)) throw new SyntaxError("the metadata has no list of tensors");
  return value.map((entry) => {
    const dtype = isObject(entry) && typeof entry["datatype"] === "string" ? dtypeOf[entry["datatype"]] : undefined;
    if (!isObject(entry) || typeof entry["name"] !== "string" || !dtype)
      throw new SyntaxError("a tensor of the metadata has no name or no known datatype");
    return { name: entry["name"], dtype, shape: shapeOf(entry["shape"]) };
  });
}
