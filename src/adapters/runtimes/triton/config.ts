import { type Dtype, datatypeOf, type Model, type TensorSpec } from "../../../domain/model.ts";

/** Its configuration calls a text STRING; all else is named as in the Open Inference Protocol. */
const typeOf = (dtype: Dtype): string => `TYPE_${dtype === "string" ? "STRING" : datatypeOf[dtype]}`;

const text = (value: string): string => `"${value.replaceAll(/["\\]/g, "\\$&").replaceAll("\n", "\\n")}"`;

/** A scalar has the shape [1], reshaped to none. */
function tensor(side: "input" | "output", { name, dtype, shape }: TensorSpec): string {
  const dims = shape.map((length) => (typeof length === "string" ? -1 : length));
  const scalar = dims.length === 0 ? " reshape { shape: [ ] }" : "";
  return `${side} { name: ${text(name)} data_type: ${typeOf(dtype)} dims: [ ${(dims.length === 0 ? [1] : dims).join(", ")} ]${scalar} }`;
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
