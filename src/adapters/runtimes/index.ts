import type { Runtime } from "../../ports/runtime.ts";
import { bentomlRuntime } from "./bentoml.ts";
import { customRuntime } from "./custom.ts";
import { llamaCppRuntime } from "./llama-cpp.ts";
import { mlflowRuntime } from "./mlflow.ts";
import { mlserverRuntime } from "./mlserver.ts";
import { type OnnxOptions, onnxRuntime } from "./onnx.ts";
import type { CustomServer } from "./preset/custom-server.ts";
import { tfservingRuntime } from "./tfserving.ts";
import { tritonRuntime } from "./triton.ts";
import { vllmRuntime } from "./vllm.ts";

export type { CustomServer } from "./preset/custom-server.ts";

/** What runtimes are made of: the onnx server's files, and a configuration's own server where it names one. */
export interface RuntimeOptions extends OnnxOptions {
  custom: CustomServer | null;
}

/** Runtimes without a base image of their own: what a model needs beside the server differs from model to model. */
export const needBase: readonly string[] = ["mlflow", "bentoml", "custom"];

/** Serving runtimes: kind → runtime. */
export const runtimes = {
  onnx: onnxRuntime,
  mlserver: mlserverRuntime,
  mlflow: mlflowRuntime,
  triton: tritonRuntime,
  tfserving: tfservingRuntime,
  vllm: vllmRuntime,
  "llama-cpp": llamaCppRuntime,
  bentoml: bentomlRuntime,
  custom: ({ custom }) => customRuntime(custom!),
} satisfies Record<string, (options: RuntimeOptions) => Runtime>;
