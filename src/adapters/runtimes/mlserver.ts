import { datatypeOf, type Model, type TensorSpec } from "../../domain/model.ts";
import type { Runtime } from "../../ports/runtime.ts";
import { mainPath, modelPath, presetRuntime } from "./preset/preset.ts";

const folder = "opt/modelgate/mlserver";

/** Format → the class that serves it, and whether it is given the model's file or its folder. */
const implementations: Readonly<Record<string, { name: string; takes: "file" | "folder" }>> = {
  sklearn: { name: "mlserver_sklearn.SKLearnModel", takes: "file" },
  xgboost: { name: "mlserver_xgboost.XGBoostModel", takes: "file" },
  lightgbm: { name: "mlserver_lightgbm.LightGBMModel", takes: "file" },
  catboost: { name: "mlserver_catboost.CatboostModel", takes: "file" },
  mlflow: { name: "mlserver_mlflow.MLflowRuntime", takes: "folder" },
};

const described = (specs: readonly TensorSpec[]) =>
  specs.map(({ name, dtype, shape }) => ({
    name,
    datatype: datatypeOf[dtype],
    shape: shape.map((side) => (typeof side === "string" ? -1 : side)),
  }));

/** scikit-learn models answer classes unless the settings name another of their methods. */
const asked = ({ format, outputs }: Model) =>
  format === "sklearn" && outputs.some(({ name }) => name === "predict_proba")
    ? { extra: { predict_fn: "predict_proba" } }
    : {};

function settingsOf(model: Model): string {
  const { name, takes } = implementations[model.format]!;
  const uri = takes === "file" ? mainPath(model) : modelPath(model);
  return JSON.stringify({
    name: model.name,
    implementation: name,
    inputs: described(model.inputs),
    outputs: described(model.outputs),
    parameters: { uri, ...asked(model) },
  });
}

/**
 * MLServer: Open Inference Protocol v2. Its settings stand beside the model, not in its folder, which holds the model's own bytes
 * only. It has no runtime for ONNX. https://docs.seldon.ai/mlserver/reference/model-settings
 */
export const mlserverRuntime = (): Runtime =>
  presetRuntime({
    kind: "mlserver",
    formats: Object.keys(implementations),
    defaultBase: "docker.io/seldonio/mlserver:1.7.1",
    plan: (model) => ({
      modelFolder: `models/${model.name}`,
      files: {
        [`${folder}/settings.json`]: JSON.stringify({ host: "0.0.0.0", http_port: 8080, parallel_workers: 0 }),
        [`${folder}/${model.name}/model-settings.json`]: settingsOf(model),
      },
      entrypoint: ["mlserver", "start", `/${folder}`],
      env: { HOME: "/tmp" },
      port: 8080,
      protocol: "v2",
      readyPath: `/v2/models/${model.name}/ready`,
    }),
  });
