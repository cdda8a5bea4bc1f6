import { isObject, type JsonValue } from "../../../domain/json.ts";
import { type Dtype, datatypeOf, dtypes, type TensorSpec } from "../../../domain/model.ts";
import type { Tensor, Tensors } from "../../../domain/tensor.ts";
import { isFloat } from "../../../domain/values.ts";

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

/** Reads an output tensor: its data may be nested or flat. @throws SyntaxError */
function readTensor(value: JsonValue): [string, Tensor] {
  if (!isObject(value) || typeof value["name"] !== "string") throw new SyntaxError("an output has no name");
  const { name } = value;
  const dtype = typeof value["datatype"] === "string" ? dtypeOf[value["datatype"]] : undefined;
  if (!dtype) throw new SyntaxError(`the output "${name}" has the datatype ${JSON.stringify(value["datatype"])}`);
  const shape = shapeOf(value["shape"], 0);
  if (!Array.isArray(value["data"])) throw new SyntaxError(`the output "${name}" has no data`);
  const data = flatten(value["data"]).map((element) => elementOf(element, dtype));
  const size = shape.reduce((product, side) => product * side, 1);
  if (data.length !== size)
    throw new SyntaxError(
      `the output "${name}" has ${data.length} values, and its shape [${shape.join(",")}] needs ${size}`,
    );
  return [name, { dtype, shape, data }];
}

/** Reads the outputs of an answer. @throws SyntaxError for what is not a tensor, and for a name that stands twice. */
export function readTensors(value: readonly JsonValue[]): Tensors {
  const tensors = value.map(readTensor);
  const names = tensors.map(([name]) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new SyntaxError(`the output "${twice}" stands twice`);
  return Object.fromEntries(tensors);
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
