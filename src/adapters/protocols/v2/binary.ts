import { type Dtype, datatypeOf } from "../../../domain/model.ts";
import type { Tensor, Tensors } from "../../../domain/tensor.ts";
import { bytes } from "../shared/request.ts";

type Element = Tensor["data"][number];

/** Says where the JSON of a body ends and the bytes of its tensors begin. */
export const jsonLength = "inference-header-content-length";

/** How elements of one size lie in bytes, the least significant first. */
interface Scalar {
  size: number;
  read(view: DataView, at: number): Element;
  write(view: DataView, at: number, value: Element): void;
}

const scalar = (
  size: number,
  read: (view: DataView, at: number) => Element,
  write: (view: DataView, at: number, value: Element) => void,
): Scalar => ({ size, read, write });

/** Integers that fit are numbers everywhere else. */
const plain = (value: bigint): Element => (Number.isSafeInteger(Number(value)) ? Number(value) : value);

function readBool(view: DataView, at: number): boolean {
  const byte = view.getUint8(at);
  if (byte > 1) throw new SyntaxError(`a bool tensor holds the byte ${byte}`);
  return byte === 1;
}

/** IEEE 754 binary16: a sign, five bits of exponent, ten of fraction. */
function readHalf(view: DataView, at: number): number {
  const bits = view.getUint16(at, true);
  const [sign, exponent, fraction] = [bits & 0x8000 ? -1 : 1, (bits >> 10) & 31, bits & 1023];
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15));
}

/** The upper half of a float32. */
function readBfloat(view: DataView, at: number): number {
  const whole = new DataView(new ArrayBuffer(4));
  whole.setUint16(0, view.getUint16(at, true));
  return whole.getFloat32(0);
}

const scalars: Partial<Record<Dtype, Scalar>> = {
  bool: scalar(1, readBool, (view, at, value) => view.setUint8(at, value ? 1 : 0)),
  uint8: scalar(
    1,
    (v, at) => v.getUint8(at),
    (v, at, value) => v.setUint8(at, Number(value)),
  ),
  int8: scalar(
    1,
    (v, at) => v.getInt8(at),
    (v, at, value) => v.setInt8(at, Number(value)),
  ),
  uint16: scalar(
    2,
    (v, at) => v.getUint16(at, true),
    (v, at, value) => v.setUint16(at, Number(value), true),
  ),
  int16: scalar(
    2,
    (v, at) => v.getInt16(at, true),
    (v, at, value) => v.setInt16(at, Number(value), true),
  ),
  uint32: scalar(
    4,
    (v, at) => v.getUint32(at, true),
    (v, at, value) => v.setUint32(at, Number(value), true),
  ),
  int32: scalar(
    4,
    (v, at) => v.getInt32(at, true),
    (v, at, value) => v.setInt32(at, Number(value), true),
  ),
  uint64: scalar(
    8,
    (v, at) => plain(v.getBigUint64(at, true)),
    (v, at, x) => v.setBigUint64(at, BigInt(x), true),
  ),
  int64: scalar(
    8,
    (v, at) => plain(v.getBigInt64(at, true)),
    (v, at, x) => v.setBigInt64(at, BigInt(x), true),
  ),
  float32: scalar(
    4,
    (v, at) => v.getFloat32(at, true),
    (v, at, value) => v.setFloat32(at, Number(value), true),
  ),
  float64: scalar(
    8,
    (v, at) => v.getFloat64(at, true),
    (v, at, value) => v.setFloat64(at, Number(value), true),
  ),
};
/** Types that are read, and have no writer: JSON carries them where a server takes them. */
const readers: Partial<Record<Dtype, Pick<Scalar, "size" | "read">>> = {
  ...scalars,
  float16: { size: 2, read: readHalf },
  bfloat16: { size: 2, read: readBfloat },
};

/** Texts stand behind their length in four bytes. */
function writeTexts(data: Tensor["data"]): Uint8Array {
  const texts = data.map((text) => bytes(String(text)));
  const all = Buffer.alloc(texts.reduce((sum, { length }) => sum + 4 + length, 0));
  let at = 0;
  for (const text of texts) {
    at = all.writeUInt32LE(text.length, at);
    all.set(text, at);
    at += text.length;
  }
  return all;
}

function readTexts(raw: Buffer): string[] {
  const texts: string[] = [];
  for (let at = 0; at < raw.length; ) {
    const end = at + 4 <= raw.length ? at + 4 + raw.readUInt32LE(at) : Number.POSITIVE_INFINITY;
    if (end > raw.length) throw new SyntaxError("a text ends behind its tensor");
    texts.push(raw.toString("utf8", at + 4, end));
    at = end;
  }
  return texts;
}

function writeNumbers(data: Tensor["data"], { size, write }: Scalar): Uint8Array {
  const all = new Uint8Array(data.length * size);
  const view = new DataView(all.buffer);
  for (const [index, value] of data.entries()) write(view, index * size, value);
  return all;
}

/** The elements in the bytes of a tensor. @throws SyntaxError for bytes that are no whole number of them. */
export function readBytes(dtype: Dtype, raw: Buffer): Element[] {
  const reader = readers[dtype];
  if (!reader) return readTexts(raw);
  if (raw.length % reader.size !== 0)
    throw new SyntaxError(`a ${dtype} tensor has ${raw.length} bytes, and an element has ${reader.size}`);
  const view = new DataView(raw.buffer, raw.byteOffset, raw.length);
  return Array.from({ length: raw.length / reader.size }, (_, index) => reader.read(view, index * reader.size));
}

/** The bytes of an input. @throws RangeError for halves, which are not written so. */
export function writeBytes(name: string, { dtype, data }: Tensor): Uint8Array {
  const writer = scalars[dtype];
  if (!writer && dtype !== "string") throw new RangeError(`the input ${name} is ${dtype}, which is not sent as bytes`);
  return writer ? writeNumbers(data, writer) : writeTexts(data);
}

/**
 * A request whose tensors are bytes behind its JSON, and that asks for an answer of the same kind.
 * https://github.com/triton-inference-server/server/blob/main/docs/protocol/extension_binary_data.md
 * @throws RangeError for halves, which are not written so.
 */
export function writeBinary(id: string, inputs: Tensors): { length: number; body: Uint8Array } {
  const raws = Object.entries(inputs).map(([name, tensor]) => {
    const raw = writeBytes(name, tensor);
    const parameters = { binary_data_size: raw.length };
    return { raw, input: { name, datatype: datatypeOf[tensor.dtype], shape: tensor.shape, parameters } };
  });
  const parameters = { binary_data_output: true };
  const json = bytes(JSON.stringify({ id, parameters, inputs: raws.map(({ input }) => input) }));
  return { length: json.length, body: Buffer.concat([json, ...raws.map(({ raw }) => raw)]) };
}
