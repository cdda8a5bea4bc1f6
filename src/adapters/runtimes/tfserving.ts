import type { Runtime } from "../../ports/runtime.ts";
import { modelPath, presetRuntime } from "./preset/preset.ts";

/**
 * TensorFlow Serving: a SavedModel in a folder named by its version. It listens when the model is loaded.
 * https://github.com/tensorflow/serving/blob/master/tensorflow_serving/g3doc/serving_basic.md
 */
export const tfservingRuntime = (): Runtime =>
  presetRuntime({
    kind: "tfserving",
    formats: ["savedmodel"],
    defaultBase: "docker.io/tensorflow/serving:2.18.0",
    plan: (model) => ({
      modelFolder: `models/${model.name}/1`,
      entrypoint: [
        ...["tensorflow_model_server", "--port=0", "--rest_api_port=8501"],
        ...[`--model_name=${model.name}`, `--model_base_path=${modelPath(model)}`],
      ],
      env: { HOME: "/tmp" },
      port: 8501,
      protocol: "tfserving",
      readyPath: `/v1/models/${model.name}`,
    }),
  });
