import type { Runtime } from "../../ports/runtime.ts";
import { modelPath, presetRuntime } from "./preset/preset.ts";

/**
 * MLflow's scoring server over a folder with an MLmodel. The base image must hold MLflow and what the model's requirements
 * name: nothing is installed when it starts. https://mlflow.org/docs/latest/ml/deployment/
 */
export const mlflowRuntime = (): Runtime =>
  presetRuntime({
    kind: "mlflow",
    formats: ["mlflow"],
    defaultBase: null,
    plan: (model) => ({
      modelFolder: `models/${model.name}`,
      entrypoint: [
        ...["mlflow", "models", "serve", "--model-uri", modelPath(model), "--env-manager", "local"],
        ...["--host", "0.0.0.0", "--port", "8080"],
      ],
      env: { HOME: "/tmp" },
      port: 8080,
      protocol: "mlflow",
      readyPath: "/ping",
    }),
  });
