import { chmod, mkdir, mkdtemp, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, onTestFinished, test } from "vitest";
import { bytesSource, mediaTypes, readManifest, wholeBlob } from "../../src/adapters/oci/content.ts";
import type { OpenStore } from "../../src/adapters/oci/store.ts";
import { hasher, sha256 } from "../../src/domain/digest.ts";
import type { Image } from "../../src/domain/image.ts";
import { type Model, modelDigest } from "../../src/domain/model.ts";
import type { Builder, BuildPlan } from "../../src/ports/builder.ts";
import type { ModelBytes } from "../../src/ports/model-source.ts";
import { putImage } from "../fakes/image.ts";

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

export async function modelOf(files: readonly ModelBytes[]): Promise<Model> {
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
const shardBytes = 16 * 2 ** 20;
const shards = (fills: readonly number[]): ModelBytes[] => [
  modelBytes("config.json", 100, 1),
  ...fills.map((fill, index) => modelBytes(`weights-${index}.bin`, shardBytes, fill)),
];

interface Config {
  architecture: string;
  created: string;
  config: Record<string, unknown> & { Labels: Record<string, string> };
  rootfs: { diff_ids: string[] };
  history: unknown[];
}

async function inspect(image: Image, openStore: OpenStore) {
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

/** What every builder must do. `make` gives a builder for linux/amd64 into an empty repository of that name. */
export function builderContract(
  name: string,
  make: () => Promise<{ builder: Builder; repository: string; openStore: OpenStore; close: () => Promise<void> }>,
): void {
  describe(`builder ${name}`, () => {
    let close = (): Promise<void> => Promise.resolve();
    afterEach(() => close());
    const made = async () => {
      const all = await make();
      close = all.close;
      return all;
    };

    test("reads back the release it made", async () => {
      const { builder, repository } = await made();
      const plan = await planOf(small);
      const { release, base } = await builder.build(plan, signal);
      expect(release).toEqual({
        model: plan.model,
        image: { repository, digest: release.image.digest },
        protocol: "v2",
        port: 8080,
      });
      expect(base).toBeNull();
      expect(await builder.describe(release.image, signal)).toEqual(release);
    });

    test("makes the image that the runtime asks for", async () => {
      const { builder, openStore } = await made();
      const plan = await planOf(small);
      const { release } = await builder.build(plan, signal);
      const { manifest, config } = await inspect(release.image, openStore);
      expect(config).toMatchObject({
        architecture: "amd64",
        os: "linux",
        created: "1970-01-01T00:00:00Z",
        config: {
          Entrypoint: ["node", "app/server.mjs"],
          Env: ["MODEL_FOLDER=models"],
          ExposedPorts: { "8080/tcp": {} },
          WorkingDir: "/",
          Labels: { "org.opencontainers.image.title": "digits", "dev.modelgate.model-digest": plan.model.digest },
        },
        rootfs: { type: "layers", diff_ids: manifest.layers!.map(({ digest }) => digest) },
      });
      expect(config.config["Cmd"]).toBeUndefined();
      expect(manifest.layers!.map(({ mediaType }) => mediaType)).toEqual([mediaTypes.layer, mediaTypes.layer]);
    });

    test("tags the image as latest and by its model", async () => {
      const { builder, openStore, repository } = await made();
      const plan = await planOf(small);
      const { release } = await builder.build(plan, signal);
      for (const tag of ["latest", plan.model.digest.slice(7, 19)])
        expect((await openStore(repository).manifest(tag, signal))?.digest).toBe(release.image.digest);
    });

    test("sends nothing when it builds again, whatever times, owners and order have changed", async () => {
      const { builder } = await made();
      const plan = await planOf(small);
      const first = await builder.build(plan, signal);
      expect(first).toMatchObject({ reusedBytes: 0 });
      expect(first.sentBytes).toBeGreaterThan(plan.model.bytes);
      const again = await planOf(small.toReversed());
      await utimes(join(again.runtime.folders[0]!.from, "server.mjs"), 1, 1);
      await chmod(join(again.runtime.folders[0]!.from, "server.mjs"), 0o600);
      const second = await builder.build({ ...again, model: plan.model }, signal);
      expect(second.release).toEqual(first.release);
      expect(second).toMatchObject({ sentBytes: 0, reusedBytes: first.sentBytes });
    });

    test("sends the one shard that has changed", async () => {
      const { builder } = await made();
      await builder.build(await planOf(shards([1, 2, 3])), signal);
      const { sentBytes, reusedBytes } = await builder.build(await planOf(shards([1, 9, 3])), signal);
      expect(sentBytes).toBeGreaterThan(shardBytes);
      expect(sentBytes).toBeLessThan(shardBytes + 10_000);
      expect(reusedBytes).toBeGreaterThan(2 * shardBytes);
    });

    test("refuses a model that is not what was validated, and tags nothing", async () => {
      const { builder, openStore, repository } = await made();
      const plan = await planOf(small);
      const other = [small[1]!, { ...small[0]!, stream: modelBytes("model.onnx", 300_000, 8).stream }];
      for (const files of [other, small.slice(1), [...small, modelBytes("more.bin", 1, 1)]])
        await expect(builder.build({ ...plan, files }, signal)).rejects.toMatchObject({
          problems: [{ code: "model.changed" }],
        });
      expect(await openStore(repository).manifest("latest", signal)).toBeNull();
    });

    test("says what is wrong with an image that is not there or not ours", async () => {
      const { builder, openStore, repository } = await made();
      const missing = { repository, digest: sha256("nothing") };
      await expect(builder.describe(missing, signal)).rejects.toMatchObject({
        problems: [{ code: "release.not-found" }],
      });
      const foreign = await putImage(openStore(repository), "foreign");
      await expect(builder.describe(foreign, signal)).rejects.toMatchObject({
        problems: [{ code: "release.unreadable" }],
      });
    });

    test("stops when it is told to, and tags nothing", async () => {
      const { builder, openStore, repository } = await made();
      const stop = new AbortController();
      const reason = new Error("enough");
      const [first, ...others] = shards([1, 2]);
      const stopping: ModelBytes = {
        ...first!,
        async *stream(inner) {
          stop.abort(reason);
          inner.throwIfAborted();
          yield* first!.stream(inner);
        },
      };
      const plan = await planOf([first!, ...others]);
      await expect(builder.build({ ...plan, files: [stopping, ...others] }, stop.signal)).rejects.toBe(reason);
      expect(await openStore(repository).manifest("latest", signal)).toBeNull();
    });
  });
}

export { inspect };
