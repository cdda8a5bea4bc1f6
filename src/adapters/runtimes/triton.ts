import type { Runtime } from "../../ports/runtime.ts";
import { presetRuntime } from "./preset/preset.ts";
import { tritonConfig } from "./triton/config.ts";

/**
 * NVIDIA Triton: Open Inference Protocol v2. Its model repository is a folder per model with config.pbtxt and a folder per
 * version. https://github.com/triton-inference-server/server/blob/main/docs/user_guide/model_repository.md
 */
export const tritonRuntime = (): Runtime =>
  presetRuntime({
    kind: "triton",
    formats: ["onnx"],
    defaultBase: "nvcr.io/nvidia/tritonserver:24.12-py3",
    plan: (model) => ({
      modelFolder: `models/${model.name}/1`,
      files: { [`models/${model.name}/config.pbtxt`]: tritonConfig(model) },
      entrypoint: [
        ...["tritonserver", "--model-repository=/models", "--model-control-mode=explicit"],
        ...[`--load-model=${model.name}`, "--http-port=8000", "--allow-grpc=false", "--exit-on-error=true"],
      ],
      env: { HOME: "/tmp" },
      port: 8000,
      protocol: "v2",
      readyPath: `/v2/models/${model.name}/ready`,
    }),
  });
