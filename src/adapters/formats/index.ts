import { onnx } from "./onnx.ts";

/** Model file formats: kind → format. */
export const formats = { onnx };
