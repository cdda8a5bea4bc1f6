import type { Runtime } from "../../ports/runtime.ts";
import { modelPath, presetRuntime } from "./preset/preset.ts";

/**
 * BentoML over a built bento, exported as a folder: bento.yaml, source and models. The base image must hold BentoML and the
 * bento's requirements. https://docs.bentoml.com/en/latest/reference/bentoml/cli.html
 */
export const bentomlRuntime = (): Runtime =>
  presetRuntime({
    kind: "bentoml",
    formats: ["bento"],
    defaultBase: null,
    plan: (model) => ({
      modelFolder: `models/${model.name}`,
      entrypoint: ["bentoml", "serve", modelPath(model), "--host", "0.0.0.0", "--port", "3000"],
      env: { HOME: "/tmp", BENTOML_HOME: "/tmp/bentoml", BENTOML_DO_NOT_TRACK: "True" },
      port: 3000,
      protocol: "bentoml",
      readyPath: "/readyz",
    }),
  });
