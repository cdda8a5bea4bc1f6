import { BinaryReader, BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { type Dtype, datatypeOf, type TensorSpec } from "../../../domain/model.ts";
import type { Tensor, Tensors } from "../../../domain/tensor.ts";
import { readBytes, writeBytes } from "../v2/binary.ts";
import { checkedTensor, distinct, dtypeNamed } from "../v2/tensors.ts";

/*
 * The messages of https://github.com/kserve/open-inference-protocol/blob/main/specification/protocol/open_inference_grpc.proto that
 * are asked and answered here, by the numbers of their fields. Fields that are not known are passed over.
 */

export const speaks = "the Open Inference Protocol v2 over gRPC";

type Element = Tensor["data"][number];

/** How elements of a dtype lie in InferTensorContents. */
interface Contents {
  field: number;
  write(writer: BinaryWriter, value: Element): void;
  read(reader: BinaryReader): Element;
  /** How one is written where it does not stand among others. */
  wire: WireType;
}

const plain = (value: bigint | string): Element => {
  const exact = BigInt(value);
  return Number.isSafeInteger(Number(exact)) ? Number(exact) : exact;
};

const varint = WireType.Varint;
const kinds = {
  bool: { field: 1, write: (w, x) => void w.bool(Boolean(x)), read: (r) => r.bool(), wire: varint },
  int: { field: 2, write: (w, x) => void w.int32(Number(x)), read: (r) => r.int32(), wire: varint },
  int64: { field: 3, write: (w, x) => void w.int64(BigInt(x)), read: (r) => plain(r.int64()), wire: varint },
  uint: { field: 4, write: (w, x) => void w.uint32(Number(x)), read: (r) => r.uint32(), wire: varint },
  uint64: { field: 5, write: (w, x) => void w.uint64(BigInt(x)), read: (r) => plain(r.uint64()), wire: varint },
  float: { field: 6, write: (w, x) => void w.float(Number(x)), read: (r) => r.float(), wire: WireType.Bit32 },
  double: { field: 7, write: (w, x) => void w.double(Number(x)), read: (r) => r.double(), wire: WireType.Bit64 },
} satisfies Record<string, Contents>;

const texts = 8;
const contentsOf: Partial<Record<Dtype, Contents>> = {
  ...{ bool: kinds.bool, int8: kinds.int, int16: kinds.int, int32: kinds.int, int64: kinds.int64 },
  ...{ uint8: kinds.uint, uint16: kinds.uint, uint32: kinds.uint, uint64: kinds.uint64 },
  ...{ float32: kinds.float, float64: kinds.double },
};

const text = (writer: BinaryWriter, field: number, value: string): BinaryWriter =>
  writer.tag(field, WireType.LengthDelimited).string(value);

const part = (writer: BinaryWriter, field: number, write: (inner: BinaryWriter) => void): void => {
  writer.tag(field, WireType.LengthDelimited).fork();
  write(writer);
  writer.join();
};

/** The elements of an input. @throws RangeError for halves, which have no place. */
function writeContents(writer: BinaryWriter, { dtype, data }: Tensor): void {
  const kind = contentsOf[dtype];
  if (!kind && dtype !== "string") throw new RangeError(`${dtype} cannot be sent over gRPC`);
  if (kind) part(writer, kind.field, (inner) => data.forEach((value) => kind.write(inner, value)));
  else for (const value of data) text(writer, texts, String(value));
}

/** What is written of a request; `shape` and `contents` spoil the input they name. */
export interface InferRequest {
  model: string;
  id: string;
  inputs: Tensors;
  /** Tensors as bytes behind the message's other fields. */
  raw: boolean;
}

/**
 * ModelInferRequest. Elements stand in the field of their type, or as bytes (`raw`).
 * @param shapeOf the shape that is said of an input. @param write how elements are written.
 * @throws RangeError for what gRPC cannot carry.
 */
export function writeInfer(
  { model, id, inputs, raw }: InferRequest,
  shapeOf: (name: string, tensor: Tensor) => readonly number[] = (_, { shape }) => shape,
  write: (writer: BinaryWriter, name: string, tensor: Tensor) => void = (writer, _, tensor) =>
    writeContents(writer, tensor),
): Uint8Array {
  const writer = new BinaryWriter();
  text(writer, 1, model);
  text(writer, 3, id);
  for (const [name, tensor] of Object.entries(inputs))
    part(writer, 5, (input) => {
      text(text(input, 1, name), 2, datatypeOf[tensor.dtype]);
      part(input, 3, (shape) => shapeOf(name, tensor).forEach((side) => shape.int64(side)));
      if (!raw) part(input, 5, (contents) => write(contents, name, tensor));
    });
  if (raw)
    for (const [name, tensor] of Object.entries(inputs))
      writer.tag(7, WireType.LengthDelimited).bytes(writeBytes(name, tensor));
  return writer.finish();
}

/** Elements as texts, whatever the input holds: a request that is wrong. */
export const writeAsTexts = (writer: BinaryWriter, { data }: Tensor): void =>
  data.forEach(() => text(writer, texts, "not a number"));

/** ModelReadyRequest and ModelMetadataRequest: the model's name. */
export const writeName = (model: string): Uint8Array => text(new BinaryWriter(), 1, model).finish();

/** Reads a message field by field. A field nobody takes is passed over. @throws Error for bytes that are no message. */
function fieldsOf(message: Uint8Array, take: (field: number, reader: BinaryReader, wire: WireType) => boolean): void {
  const reader = new BinaryReader(message);
  while (reader.pos < reader.len) {
    const [field, wire] = reader.tag();
    if (!take(field, reader, wire)) reader.skip(wire, field);
  }
}

/** One element, or many of them behind their length: writers may do either. */
function readElements<T>(reader: BinaryReader, wire: WireType, into: T[], read: (reader: BinaryReader) => T): true {
  if (wire !== WireType.LengthDelimited) into.push(read(reader));
  else for (const end = reader.uint32() + reader.pos; reader.pos < end; ) into.push(read(reader));
  return true;
}

/** Whether ModelReadyResponse says ready. */
export function readReady(message: Uint8Array): boolean {
  let ready = false;
  fieldsOf(message, (field, reader) => field === 1 && ((ready = reader.bool()), true));
  return ready;
}

interface RawTensor {
  name: string;
  datatype: string;
  shape: Element[];
  /** By the number of their field. */
  elements: Map<number, Element[]>;
}

function readContents(message: Uint8Array, elements: RawTensor["elements"]): void {
  const into = (field: number): Element[] => {
    const list = elements.get(field) ?? [];
    elements.set(field, list);
    return list;
  };
  fieldsOf(message, (field, reader, wire) => {
    if (field === texts) return into(field).push(Buffer.from(reader.bytes()).toString("utf8")) > 0;
    const kind = Object.values(kinds).find((one) => one.field === field);
    return kind ? readElements(reader, wire, into(field), kind.read) : false;
  });
}

/** InferOutputTensor, or TensorMetadata, which has the same first fields. */
function readTensor(message: Uint8Array): RawTensor {
  const tensor: RawTensor = { name: "", datatype: "", shape: [], elements: new Map() };
  fieldsOf(message, (field, reader, wire) => {
    if (field === 1) tensor.name = reader.string();
    else if (field === 2) tensor.datatype = reader.string();
    else if (field === 3) return readElements(reader, wire, tensor.shape, (r) => plain(r.int64()));
    else if (field === 5) readContents(reader.bytes(), tensor.elements);
    else return false;
    return true;
  });
  return tensor;
}

/** The elements that a tensor brings itself. @throws SyntaxError for elements of another type. */
function elementsOf({ name, elements }: RawTensor, dtype: Dtype): Element[] {
  const own = contentsOf[dtype]?.field ?? texts;
  const other = [...elements].find(([field, list]) => field !== own && list.length > 0);
  if (other) throw new SyntaxError(`the output "${name}" is ${dtype}, and its contents are of another type`);
  return elements.get(own) ?? [];
}

/** ModelInferResponse: its id and its tensors. @throws Error that says what is not sound. */
export function readInfer(message: Uint8Array): { id: string; outputs: Tensors } {
  let id = "";
  const tensors: RawTensor[] = [];
  const raws: Buffer[] = [];
  fieldsOf(message, (field, reader) => {
    if (field === 3) id = reader.string();
    else if (field === 5) tensors.push(readTensor(reader.bytes()));
    else if (field === 6) raws.push(Buffer.from(reader.bytes()));
    else return false;
    return true;
  });
  if (raws.length > 0 && raws.length !== tensors.length)
    throw new SyntaxError(`${tensors.length} outputs have ${raws.length} pieces of bytes`);
  const outputs = tensors.map((tensor, index) => {
    const dtype = dtypeNamed(tensor.name, tensor.datatype);
    const data = raws[index] ? readBytes(dtype, raws[index]) : elementsOf(tensor, dtype);
    return checkedTensor(tensor.name, dtype, tensor.shape, data);
  });
  return { id, outputs: distinct(outputs) };
}

/** ModelMetadataResponse. @throws Error that says what is not sound. */
export function readMetadata(message: Uint8Array): { name: string; inputs: TensorSpec[]; outputs: TensorSpec[] } {
  const found = { name: "", inputs: [] as TensorSpec[], outputs: [] as TensorSpec[] };
  const spec = (reader: BinaryReader): TensorSpec => {
    const { name, datatype, shape } = readTensor(reader.bytes());
    return { name, dtype: dtypeNamed(name, datatype), shape: shape.map(Number) };
  };
  fieldsOf(message, (field, reader) => {
    if (field === 1) found.name = reader.string();
    else if (field === 4) found.inputs.push(spec(reader));
    else if (field === 5) found.outputs.push(spec(reader));
    else return false;
    return true;
  });
  return found;
}
