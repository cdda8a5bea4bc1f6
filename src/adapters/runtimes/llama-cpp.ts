import type { Runtime } from "../../ports/runtime.ts";
import { mainPath, presetRuntime } from "./preset/preset.ts";

/**
 * llama.cpp's server over a GGUF file; /health is 503 while it loads.
 * https://github.com/ggml-org/llama.cpp/blob/master/tools/server/README.md
 */
export const llamaCppRuntime = (): Runtime =>
  presetRuntime({
    kind: "llama-cpp",
    formats: ["gguf"],
    defaultBase: "ghcr.io/ggml-org/llama.cpp:server",
    plan: (model) => ({
      modelFolder: `models/${model.name}`,
      entrypoint: [
        ...["/app/llama-server", "--model", mainPath(model), "--alias", model.name],
        ...["--host", "0.0.0.0", "--port", "8080"],
      ],
      env: { HOME: "/tmp" },
      port: 8080,
      protocol: "openai",
      readyPath: "/health",
    }),
  });
