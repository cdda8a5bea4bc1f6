import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { bytesSource, mediaTypes, readManifest, wholeBlob } from "../../src/adapters/oci/content.ts";
import type { OpenStore } from "../../src/adapters/oci/store.ts";
import { hasher, sha256 } from "../../src/domain/digest.ts";
import type { Image } from "../../src/domain/image.ts";
import { type Model, modelDigest } from "../../src/domain/model.ts";
import type { BuildPlan } from "../../src/ports/builder.ts";
import type { ModelBytes } from "../../src/ports/model-source.ts";

const { signal } = new AbortController();

/** A file of a model that is one byte over and over, in chunks whose buffer is used again. */
export function modelBytes(path: string, bytes: number, fill: number): ModelBytes {
  return {
    path,
    bytes,
    read: (offset, length) => Promise.resolve(Buffer.alloc(Math.max(0, Math.min(length, bytes - offset)), fill)),
    async *stream() {
      const chunk = Buffer.alloc(2 ** 20);
      for (let at = 0; at < bytes; at += chunk.length)
        yield chunk.fill(fill).subarray(0, Math.min(chunk.length, bytes - at));
      chunk.fill(0xff);
    },
  };
}

async function modelOf(files: readonly ModelBytes[]): Promise<Model> {
  const listed = await Promise.all(
    files.map(async (file) => {
      const hash = hasher();
      for await (const chunk of file.stream(signal)) hash.update(chunk);
      return { path: file.path, bytes: file.bytes, digest: hash.digest() };
    }),
  );
  return {
    name: "digits",
    format: "onnx",
    digest: modelDigest(listed),
    bytes: files.reduce((sum, file) => sum + file.bytes, 0),
    files: listed,
    inputs: [{ name: "image", dtype: "float32", shape: [-1, 64] }],
    outputs: [{ name: "probabilities", dtype: "float32", shape: ["batch", 10] }],
    facts: { opset: 17, producer: "skl2onnx" },
  };
}

/** A plan with a runtime of two files in a fresh folder. */
export async function planOf(files: readonly ModelBytes[], base: string | null = null): Promise<BuildPlan> {
  const from = await mkdtemp(join(tmpdir(), "modelgate-runtime-"));
  onTestFinished(() => rm(from, { recursive: true, force: true }));
  await mkdir(join(from, "lib"));
  await writeFile(join(from, "server.mjs"), "serve();\n");
  await writeFile(join(from, "lib/start"), "#!/bin/sh\n");
  await chmod(join(from, "lib/start"), 0o755);
  return {
    model: await modelOf(files),
    files,
    runtime: {
      folders: [{ from, to: "app" }],
      modelFolder: "models",
      entrypoint: ["node", "app/server.mjs"],
      env: { MODEL_FOLDER: "models" },
      port: 8080,
      protocol: "v2",
    },
    base,
  };
}

export const small = [modelBytes("model.onnx", 300_000, 7), modelBytes("labels/names.txt", 20, 65)];
interface Config {
  architecture: string;
  created: string;
  config: Record<string, unknown> & { Labels: Record<string, string> };
  rootfs: { diff_ids: string[] };
  history: unknown[];
}

/** An image's manifest and config. */
export async function inspect(image: Image, openStore: OpenStore) {
  const store = openStore(image.repository);
  const manifest = readManifest((await store.manifest(image.digest, signal))!, image.repository);
  const bytes = await wholeBlob(store, manifest.config!, 2 ** 20, signal);
  return { manifest, config: JSON.parse(Buffer.from(bytes).toString("utf8")) as Config };
}

/** Puts a base image of two layers, as an index of two platforms, under a tag. */
export async function putBase(openStore: OpenStore, repository: string): Promise<string> {
  const store = openStore(repository);
  const layers = await Promise.all(
    ["one", "two"].map(async (text) => {
      const { digest, size } = await store.pushBlob(bytesSource(Buffer.from(`layer ${text}`)), null, signal);
      return { mediaType: "application/vnd.docker.image.rootfs.diff.tar.gzip", digest, size };
    }),
  );
  const put = async (architecture: string) => {
    const config = Buffer.from(
      JSON.stringify({
        architecture,
        os: "linux",
        created: "2026-01-01T00:00:00Z",
        config: {
          Env: ["PATH=/bin", "MODEL_FOLDER=old"],
          User: "1000",
          Cmd: ["sh"],
          Entrypoint: ["tini"],
          WorkingDir: "/home",
          Labels: { from: "base" },
        },
        rootfs: { type: "layers", diff_ids: [sha256("one"), sha256("two")] },
        history: [{ created_by: "one" }, { created_by: "none", empty_layer: true }, { created_by: "two" }],
      }),
    );
    const { digest, size } = await store.pushBlob(bytesSource(config), null, signal);
    const mediaType = mediaTypes.dockerManifest;
    const body = {
      schemaVersion: 2,
      mediaType,
      config: { mediaType: "application/vnd.docker.container.image.v1+json", digest, size },
      layers,
    };
    const bytes = Buffer.from(JSON.stringify(body));
    return {
      mediaType,
      size: bytes.length,
      digest: await store.putManifest({ mediaType, bytes }, signal),
      platform: { os: "linux", architecture },
    };
  };
  const manifests = [await put("arm64"), await put("amd64")];
  const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: mediaTypes.index, manifests }));
  await store.putManifest({ mediaType: mediaTypes.index, bytes, tag: "stable" }, signal);
  return `${repository}:stable`;
}
