import type { Dtype } from "../../../domain/model.ts";
import type { ModelBytes, ModelFolder } from "../../../ports/model-source.ts";
import type { Field, Wire } from "./wire.ts";

/** TensorProto.DataType (onnx.proto): name for messages, our dtype where there is one, bits of an element. */
export const elementTypes: readonly ({ name: string; dtype: Dtype | null; bits: number } | null)[] = [
  null,
  { name: "FLOAT", dtype: "float32", bits: 32 },
  { name: "UINT8", dtype: "uint8", bits: 8 },
  { name: "INT8", dtype: "int8", bits: 8 },
  { name: "UINT16", dtype: "uint16", bits: 16 },
  { name: "INT16", dtype: "int16", bits: 16 },
  { name: "INT32", dtype: "int32", bits: 32 },
  { name: "INT64", dtype: "int64", bits: 64 },
  { name: "STRING", dtype: "string", bits: 0 },
  { name: "BOOL", dtype: "bool", bits: 8 },
  { name: "FLOAT16", dtype: "float16", bits: 16 },
  { name: "DOUBLE", dtype: "float64", bits: 64 },
  { name: "UINT32", dtype: "uint32", bits: 32 },
  { name: "UINT64", dtype: "uint64", bits: 64 },
  { name: "COMPLEX64", dtype: null, bits: 64 },
  { name: "COMPLEX128", dtype: null, bits: 128 },
  { name: "BFLOAT16", dtype: "bfloat16", bits: 16 },
  { name: "FLOAT8E4M3FN", dtype: null, bits: 8 },
  { name: "FLOAT8E4M3FNUZ", dtype: null, bits: 8 },
  { name: "FLOAT8E5M2", dtype: null, bits: 8 },
  { name: "FLOAT8E5M2FNUZ", dtype: null, bits: 8 },
  { name: "UINT4", dtype: null, bits: 4 },
  { name: "INT4", dtype: null, bits: 4 },
  { name: "FLOAT4E2M1", dtype: null, bits: 4 },
  { name: "FLOAT8E8M0", dtype: null, bits: 8 },
  { name: "UINT2", dtype: null, bits: 2 },
  { name: "INT2", dtype: null, bits: 2 },
];

const rankLimit = 64;
const externalKeys = ["location", "offset", "length", "checksum", "basepath"];

/** What a tensor's head says. */
interface Head {
  dims: bigint[];
  type: number;
  name: string;
  raw: Field | null;
  external: Map<string, string>;
  isExternal: boolean;
  typedBytes: boolean;
}

async function entry(wire: Wire, field: Field): Promise<[string, string]> {
  let [key, value] = ["", ""];
  for await (const part of wire.fields(field.start, field.end))
    if (part.number === 1) key = await wire.text(part);
    else if (part.number === 2) value = await wire.text(part);
  return [key, value];
}

async function readHead(wire: Wire, field: Field): Promise<Head> {
  const head: Head = {
    dims: [],
    type: 0,
    name: "",
    raw: null,
    external: new Map(),
    isExternal: false,
    typedBytes: false,
  };
  for await (const part of wire.fields(field.start, field.end))
    switch (part.number) {
      case 1:
        head.dims.push(...(await wire.numbers(part, rankLimit)).map((n) => BigInt.asIntN(64, n)));
        if (head.dims.length > rankLimit) throw wire.corrupt(part.at, `a tensor has more than ${rankLimit} dimensions`);
        break;
      case 2:
        head.type = Number(part.value);
        break;
      case 8:
        head.name = await wire.text(part);
        break;
      case 9:
        head.raw = part;
        break;
      case 13: {
        const [key, value] = await entry(wire, part);
        if (!externalKeys.includes(key) || head.external.has(key))
          throw wire.corrupt(
            part.at,
            `external data has the key "${key.slice(0, 40)}"; known, each once: ${externalKeys.join(", ")}`,
          );
        head.external.set(key, value);
        break;
      }
      case 14:
        head.isExternal = part.value === 1n;
        break;
      case 4:
      case 5:
      case 6:
      case 7:
      case 10:
      case 11:
        head.typedBytes ||= part.end > part.start;
        break;
      default:
    }
  return head;
}

/** A tensor as far as a model check needs it, and the file its data is in when it is not in the model. */
export interface TensorHead {
  name: string;
  elements: bigint;
  external: ModelBytes | null;
}

function externalNumber(wire: Wire, field: Field, text: string | undefined): bigint | null {
  if (text === undefined) return null;
  if (!/^\d{1,18}$/.test(text))
    throw wire.corrupt(field.at, `external data has the offset or length "${text.slice(0, 40)}"`);
  return BigInt(text);
}

async function externalFile(
  wire: Wire,
  field: Field,
  head: Head,
  bytes: bigint,
  folder: ModelFolder,
): Promise<ModelBytes> {
  const location = head.external.get("location");
  const outside = (message: string) =>
    wire.problem(
      "model.external-data",
      field.at,
      `the tensor "${head.name}" ${message}`,
      "Export the model again, and copy its data files with it, into the same folder.",
    );
  if (location === undefined) throw outside("says its data is in another file, and names none");
  const file = await folder.find(location);
  if (!file) throw outside(`has its data in "${location}", which is not in the model's folder`);
  const offset = externalNumber(wire, field, head.external.get("offset")) ?? 0n;
  const length = externalNumber(wire, field, head.external.get("length")) ?? BigInt(file.bytes) - offset;
  if (offset + length > BigInt(file.bytes) || length < 0n)
    throw outside(
      `has its data at byte ${offset} of "${location}", ${length} bytes long, and the file has ${file.bytes}`,
    );
  if (bytes > 0n && length !== bytes)
    throw outside(`has ${length} bytes of data in "${location}", and its shape and type need ${bytes}`);
  return file;
}

/** Checks one TensorProto: type, shape, exactly as much data as they need, and where the data is. */
export async function readTensor(wire: Wire, field: Field, folder: ModelFolder): Promise<TensorHead> {
  const head = await readHead(wire, field);
  const type = elementTypes[head.type];
  if (!type)
    throw wire.corrupt(field.at, `the tensor "${head.name}" has element type ${head.type}, which ONNX does not have`);
  if (head.dims.some((dim) => dim < 0n))
    throw wire.corrupt(field.at, `the tensor "${head.name}" has a negative dimension`);
  const elements = head.dims.reduce((product, dim) => product * dim, 1n);
  if (elements > 2n ** 60n) throw wire.corrupt(field.at, `the tensor "${head.name}" claims ${elements} elements`);
  const bytes = (elements * BigInt(type.bits) + 7n) / 8n;
  if (head.isExternal)
    return { name: head.name, elements, external: await externalFile(wire, field, head, bytes, folder) };
  if (head.raw && head.typedBytes) throw wire.corrupt(field.at, `the tensor "${head.name}" has its data twice`);
  if (head.raw && type.bits > 0 && BigInt(head.raw.end - head.raw.start) !== bytes)
    throw wire.corrupt(
      head.raw.at,
      `the tensor "${head.name}" has ${head.raw.end - head.raw.start} bytes of data, and its shape and type need ${bytes}`,
    );
  if (!head.raw && !head.typedBytes && bytes > 0n)
    throw wire.corrupt(field.at, `the tensor "${head.name}" has no data, and its shape and type need ${bytes} bytes`);
  return { name: head.name, elements, external: null };
}
