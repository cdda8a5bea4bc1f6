import { readFile } from "node:fs/promises";
import { UserError } from "../../domain/problem.ts";
import type { Runtime } from "../../ports/runtime.ts";
import { onnxPack, onnxServer, type PackOptions } from "./onnx/pack.ts";
import { checkFormat } from "./preset/preset.ts";

export interface OnnxOptions extends PackOptions {
  /** Folder with the preprocessing the server applies (`preprocess.mjs`), or null. */
  customFolder: string | null;
}

const serverFolder = "opt/modelgate/onnx-server";
const port = 8080;

/** The embedded ONNX server (runtime/onnx-server): Open Inference Protocol v2 over onnxruntime-node. */
export const onnxRuntime = (options: OnnxOptions): Runtime => ({
  kind: "onnx",
  formats: ["onnx"],
  defaultBase: "docker.io/library/node:24-bookworm-slim",
  async plan(model, signal) {
    checkFormat({ kind: "onnx", formats: ["onnx"] }, model);
    if (options.customFolder !== null)
      await readFile(`${options.customFolder}/preprocess.mjs`).catch(() => {
        throw new UserError([
          {
            code: "config.not-found",
            message: `image.server names ${options.customFolder}, which has no preprocess.mjs`,
            hint: "Put a preprocess.mjs there that exports a function called preprocess, or remove image.server.",
            at: { file: options.customFolder!, key: "image.server" },
          },
        ]);
      });
    const folder = `models/${model.name}`;
    const custom = options.customFolder === null ? [] : [{ from: options.customFolder, to: "opt/modelgate/custom" }];
    return {
      // The library is a layer of its own: it stays when the server's few lines change.
      folders: [
        { from: await onnxPack(options, signal), to: `${serverFolder}/node_modules` },
        { from: await onnxServer(options), to: serverFolder },
        ...custom,
      ],
      modelFolder: folder,
      entrypoint: ["node", `${serverFolder}/server.mjs`],
      env: { MODELGATE_MODEL: JSON.stringify({ name: model.name, main: String(model.facts["main"]), folder }) },
      port,
      protocol: "v2",
    };
  },
});
