import type { Runtime } from "../../ports/runtime.ts";
import { modelPath, presetRuntime } from "./preset/preset.ts";

/**
 * vLLM over a folder as Hugging Face has them: config.json, tokenizer, safetensors. It fetches nothing and reports nothing.
 * https://docs.vllm.ai/en/latest/cli/serve.html
 */
export const vllmRuntime = (): Runtime =>
  presetRuntime({
    kind: "vllm",
    formats: ["safetensors"],
    defaultBase: "docker.io/vllm/vllm-openai:v0.11.0",
    plan: (model) => ({
      modelFolder: `models/${model.name}`,
      entrypoint: [
        ...["vllm", "serve", modelPath(model), "--served-model-name", model.name],
        ...["--load-format", "safetensors", "--host", "0.0.0.0", "--port", "8000"],
      ],
      // torch asks for the name of the user, and the user that containers run as has none.
      env: { HOME: "/tmp", USER: "modelgate", HF_HUB_OFFLINE: "1", VLLM_NO_USAGE_STATS: "1", DO_NOT_TRACK: "1" },
      port: 8000,
      protocol: "openai",
      readyPath: "/health",
    }),
  });
