import { onnxRuntime } from "./onnx.ts";

/** Serving runtimes: kind → runtime. */
export const runtimes = { onnx: onnxRuntime };
