import type { Dtype, Model, TensorSpec } from "../../../domain/model.ts";

const types: Readonly<Record<Dtype, string>> = {
  bool: "TYPE_BOOL",
  uint8: "TYPE_UINT8",
  int8: "TYPE_INT8",
  uint16: "TYPE_UINT16",
  int16: "TYPE_INT16",
  uint32: "TYPE_UINT32",
  int32: "TYPE_INT32",
  uint64: "TYPE_UINT64",
  int64: "TYPE_INT64",
  float16: "TYPE_FP16",
  bfloat16: "TYPE_BF16",
  float32: "TYPE_FP32",
  float64: "TYPE_FP64",
  string: "TYPE_STRING",
};

const text = (value: string): string => `"${value.replaceAll(/["\\]/g, "\\$&").replaceAll("\n", "\\n")}"`;

/** A scalar has the shape [1], reshaped to none. */
function tensor(side: "input" | "output", { name, dtype, shape }: TensorSpec): string {
  const dims = shape.map((length) => (typeof length === "string" ? -1 : length));
  const scalar = dims.length === 0 ? " reshape { shape: [ ] }" : "";
  return `${side} { name: ${text(name)} data_type: ${types[dtype]} dims: [ ${(dims.length === 0 ? [1] : dims).join(", ")} ]${scalar} }`;
}

/**
 * config.pbtxt of an ONNX model, as protobuf text. With max_batch_size 0 the shapes are whole, as the graph has them, and
 * nothing waits for other requests. https://github.com/triton-inference-server/server/blob/main/docs/user_guide/model_configuration.md
 */
export const tritonConfig = (model: Model): string =>
  `${[
    `name: ${text(model.name)}`,
    'backend: "onnxruntime"',
    `default_model_filename: ${text(String(model.facts["main"]))}`,
    "max_batch_size: 0",
    ...model.inputs.map((spec) => tensor("input", spec)),
    ...model.outputs.map((spec) => tensor("output", spec)),
  ].join("\n")}\n`;
