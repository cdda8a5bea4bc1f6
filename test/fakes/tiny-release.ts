import { tmpdir } from "node:os";
import { onnxRuntime } from "../../src/adapters/runtimes/onnx.ts";
import { prepareToolCache } from "../../src/adapters/system/tool-cache.ts";
import { sha256 } from "../../src/domain/digest.ts";
import { type Model, modelDigest } from "../../src/domain/model.ts";
import type { Release } from "../../src/domain/release.ts";
import type { Builder } from "../../src/ports/builder.ts";
import type { ModelBytes } from "../../src/ports/model-source.ts";
import type { Runtime } from "../../src/ports/runtime.ts";
import { oneOperator } from "../runtime/onnx-model.ts";
import { architecture, serverFolder } from "../runtime/server.ts";

const bytesOf = (path: string, content: Uint8Array): ModelBytes => ({
  path,
  bytes: content.length,
  read: async (offset, length) => content.subarray(offset, offset + length),
  async *stream() {
    yield content;
  },
});

const modelOf = (content: Uint8Array): Model => {
  const files = [{ path: "tiny.onnx", bytes: content.length, digest: sha256(content) }];
  const tensor = { dtype: "float32", shape: [-1, 2] } as const;
  return {
    name: "tiny",
    format: "onnx",
    digest: modelDigest(files),
    bytes: content.length,
    files,
    inputs: [{ name: "x", ...tensor }],
    outputs: [{ name: "y", ...tensor }],
    facts: { main: "tiny.onnx" },
  };
};

/** The onnx runtime from this checkout. */
export function tinyRuntime(customFolder: string | null = null): Runtime {
  prepareToolCache();
  return onnxRuntime({ serverFolder, packFolder: null, architecture, temporaryFolder: tmpdir(), customFolder });
}

/** `good` gives back its input, `other` its negative; `never-ready` is no model, so that the server says so and ends. */
export const tinyModels = {
  good: oneOperator("Identity", "float32"),
  other: oneOperator("Neg", "float32"),
  "never-ready": Buffer.from("this is no model"),
} as const;

/** Packages one of the tiny models as `package` does, without what validation would say of it. */
export async function tinyRelease(
  builder: Builder,
  variant: keyof typeof tinyModels,
  options: { base?: string; runtime?: Runtime } = {},
): Promise<Release> {
  const { signal } = new AbortController();
  const content = tinyModels[variant];
  const model = modelOf(content);
  const runtime = await (options.runtime ?? tinyRuntime()).plan(model, signal);
  const plan = { model, files: [bytesOf("tiny.onnx", content)], runtime, base: options.base ?? null };
  return (await builder.build(plan, signal)).release;
}
