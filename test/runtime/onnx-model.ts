/** The smallest ONNX files: a graph of a few nodes without weights, written by hand in protobuf's wire format. */

/** Elements of onnx.proto's TensorProto.DataType. */
const elements = {
  float32: 1,
  uint8: 2,
  int64: 7,
  string: 8,
  bool: 9,
  float16: 10,
  float64: 11,
  uint64: 13,
  bfloat16: 16,
};

export type Element = keyof typeof elements;

interface Value {
  name: string;
  type: Element;
  /** A text is a side that varies. */
  shape: readonly (number | string)[];
}

interface Node {
  operator: string;
  inputs: readonly string[];
  output: string;
}

function varint(value: number): number[] {
  const bytes = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return [...bytes, rest];
    bytes.push((rest % 128) + 128);
  }
}

const number = (field: number, value: number): Buffer => Buffer.from([...varint(field * 8), ...varint(value)]);

const message = (field: number, ...parts: readonly (Buffer | string)[]): Buffer => {
  const body = Buffer.concat(parts.map((part) => Buffer.from(part)));
  return Buffer.concat([Buffer.from([...varint(field * 8 + 2), ...varint(body.length)]), body]);
};

const side = (value: number | string): Buffer =>
  typeof value === "number" ? message(1, number(1, value)) : message(1, message(2, value));

const valueInfo = (field: number, { name, type, shape }: Value): Buffer =>
  message(field, message(1, name), message(2, message(1, number(1, elements[type]), message(2, ...shape.map(side)))));

const nodeProto = ({ operator, inputs, output }: Node): Buffer =>
  message(1, ...inputs.map((input) => message(1, input)), message(2, output), message(4, operator));

/** A ModelProto of IR version 8 and opset 17. */
export const onnxModel = (graph: {
  inputs: readonly Value[];
  outputs: readonly Value[];
  nodes: readonly Node[];
}): Buffer =>
  Buffer.concat([
    number(1, 8),
    message(
      7,
      ...graph.nodes.map(nodeProto),
      message(2, "test"),
      ...graph.inputs.map((value) => valueInfo(11, value)),
      ...graph.outputs.map((value) => valueInfo(12, value)),
    ),
    message(8, number(2, 17)),
  ]);

/** A model with one operator: an input `x`, an output `y`, of one type and shape. */
export const oneOperator = (operator: string, type: Element, shape: Value["shape"] = ["batch", 2]): Buffer =>
  onnxModel({
    inputs: [{ name: "x", type, shape }],
    outputs: [{ name: "y", type, shape }],
    nodes: [{ operator, inputs: ["x"], output: "y" }],
  });
