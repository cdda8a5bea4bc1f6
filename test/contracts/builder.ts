import { chmod, utimes } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { mediaTypes } from "../../src/adapters/oci/content.ts";
import type { OpenStore } from "../../src/adapters/oci/store.ts";
import { sha256 } from "../../src/domain/digest.ts";
import type { Builder } from "../../src/ports/builder.ts";
import type { ModelBytes } from "../../src/ports/model-source.ts";
import { putImage } from "../fakes/image.ts";
import { inspect, modelBytes, planOf, small } from "./builder.plan.ts";

const { signal } = new AbortController();

const shardBytes = 16 * 2 ** 20;
const shards = (fills: readonly number[]): ModelBytes[] => [
  modelBytes("config.json", 100, 1),
  ...fills.map((fill, index) => modelBytes(`weights-${index}.bin`, shardBytes, fill)),
];

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

    test("says how much a pull of the image takes", async () => {
      const { builder, openStore } = await made();
      const { release } = await builder.build(await planOf(small), signal);
      const { manifest } = await inspect(release.image, openStore);
      const blobs = [manifest.config!, ...manifest.layers!];
      expect(await builder.size(release.image, signal)).toBe(blobs.reduce((sum, { size }) => sum + size, 0));
    });

    test("says what is wrong with an image that is not there or not ours", async () => {
      const { builder, openStore, repository } = await made();
      const missing = { repository, digest: sha256("nothing") };
      await expect(builder.describe(missing, signal)).rejects.toMatchObject({
        problems: [{ code: "release.not-found" }],
      });
      await expect(builder.size(missing, signal)).rejects.toMatchObject({ problems: [{ code: "release.not-found" }] });
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
