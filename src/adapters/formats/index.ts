import { gguf } from "./gguf.ts";
import { onnx } from "./onnx.ts";
import { safetensors } from "./safetensors.ts";

/** Model file formats: kind → format. */
export const formats = { onnx, safetensors, gguf };
