import { mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { modelLayers } from "../../../../src/adapters/builders/image/layers.ts";
import { builders } from "../../../../src/adapters/builders/index.ts";
import { createOpenStore } from "../../../../src/adapters/oci/open.ts";
import { sha256 } from "../../../../src/domain/digest.ts";
import { inspect, modelBytes, planOf, putBase, small } from "../../../contracts/builder.plan.ts";
import { FakeRegistry } from "../../../fakes/registry.ts";

const { signal } = new AbortController();
const architecture = "amd64";

async function layout() {
  const layoutFolder = await mkdtemp(join(tmpdir(), "modelgate-builder-"));
  onTestFinished(() => rm(layoutFolder, { recursive: true, force: true }));
  return createOpenStore({ layoutFolder, dockerConfig: null, runHelper: () => Promise.reject(new Error("none")) });
}

/** Known for ever: a change of these constants changes the digest of every image that anyone has packaged. */
const golden = {
  image: "sha256:c2e39204c09235a9067833b5f1b83ea04ccd810f4a7aec300d1069cfbc9f5904",
  layers: [
    "sha256:438e0025f9730232be2cd95c683202557e9a7e27205f94ea461fada009522633",
    "sha256:89298514b18178693eb2420ef6c9817760b57ae6db5467b33887e2f6417d45ab",
  ],
};

test("a known model has the image it has always had, in a layout and in a registry", async () => {
  await using registry = await FakeRegistry.start();
  const openStore = await layout();
  const into = [
    builders.layout({ model: "digits", openStore, architecture }),
    builders.registry({ repository: `${registry.host}/acme/digits`, openStore, architecture }),
  ];
  for (const builder of into) {
    const { release } = await builder.build(await planOf(small), signal);
    const { manifest } = await inspect(release.image, openStore);
    expect({ image: release.image.digest, layers: manifest.layers?.map(({ digest }) => digest) }).toEqual(golden);
  }
});

test("a base of the same registry is mounted, and one of another registry is copied; the image is the same", async () => {
  await using near = await FakeRegistry.start();
  await using far = await FakeRegistry.start();
  const openStore = await layout();
  const images = [];
  for (const registry of [near, far]) {
    const base = await putBase(openStore, `${near.host}/acme/base`);
    const before = registry.uploadedBytes;
    const builder = builders.registry({ repository: `${registry.host}/acme/digits`, openStore, architecture });
    const plan = await planOf(small, base);
    const built = await builder.build(plan, signal);
    expect(registry.uploadedBytes - before).toBe(built.sentBytes);
    expect(built.base?.repository).toBe(`${near.host}/acme/base`);
    expect(registry.lines(/POST .*mount=/)).toHaveLength(registry === near ? 2 : 0);
    const { manifest, config } = await inspect(built.release.image, openStore);
    expect(manifest.layers!.slice(0, 2).map(({ mediaType, digest }) => ({ mediaType, digest }))).toEqual(
      ["one", "two"].map((text) => ({
        mediaType: "application/vnd.oci.image.layer.v1.tar+gzip",
        digest: sha256(`layer ${text}`),
      })),
    );
    expect(config.rootfs.diff_ids.slice(0, 2)).toEqual([sha256("one"), sha256("two")]);
    expect(config.history).toHaveLength(5);
    expect(config.config).toMatchObject({
      User: "1000",
      Env: ["PATH=/bin", "MODEL_FOLDER=models"],
      Entrypoint: ["node", "app/server.mjs"],
      WorkingDir: "/",
      Labels: { from: "base", "org.opencontainers.image.base.digest": built.base!.digest },
    });
    expect(config.config["Cmd"]).toBeUndefined();
    expect((await builder.build({ ...plan, base: `${base}@${built.base!.digest}` }, signal)).sentBytes).toBe(0);
    images.push(built.release.image.digest);
  }
  expect(new Set(images).size).toBe(1);
});

test.each([
  ["base:none", "config.value", /there is no image/],
  ["Base/UPPER:1", "config.value", /is not an image reference/],
])("a base %s is a problem of image.base", async (base, code, message) => {
  await using registry = await FakeRegistry.start();
  const builder = builders.layout({ model: "digits", openStore: await layout(), architecture });
  const error: unknown = await builder
    .build(await planOf(small, `${registry.host}/${base}`), signal)
    .catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({
    problems: [{ code, message: expect.stringMatching(message) as string, at: { key: "image.base" } }],
  });
});

test("a base without this platform is refused", async () => {
  await using registry = await FakeRegistry.start();
  const openStore = await layout();
  const base = await putBase(openStore, `${registry.host}/acme/base`);
  const builder = builders.layout({ model: "digits", openStore, architecture: "riscv64" });
  await expect(builder.build(await planOf(small, base), signal)).rejects.toThrow(/no image for linux\/riscv64/);
  const arm = builders.layout({ model: "digits", openStore, architecture: "arm64" });
  const { base: found } = await arm.build(await planOf(small, base), signal);
  const amd = builders.layout({ model: "digits", openStore, architecture });
  await expect(amd.build(await planOf(small, `${found!.repository}@${found!.digest}`), signal)).rejects.toThrow(
    /is for linux\/arm64, and the image is made for linux\/amd64/,
  );
});

/** A model of one file that counts how often it is read. */
async function counted(fill: number) {
  const file = modelBytes("model.onnx", 1_000_000, fill);
  const reads = { count: 0 };
  const plan = await planOf([{ ...file, stream: (stop) => (reads.count++, file.stream(stop)) }]);
  reads.count = 0;
  return { plan, reads };
}

test("a push reads each file once, whether it is there already or not", async () => {
  await using registry = await FakeRegistry.start();
  const builder = builders.registry({
    repository: `${registry.host}/acme/digits`,
    openStore: await layout(),
    architecture,
  });
  for (const fill of [1, 1, 2]) {
    const { plan, reads } = await counted(fill);
    await builder.build(plan, signal);
    expect(reads.count).toBe(1);
  }
});

test("what the last image falsely says of its layers is tried and not believed", async () => {
  await using registry = await FakeRegistry.start();
  const openStore = await layout();
  const repository = `${registry.host}/acme/digits`;
  const builder = builders.registry({ repository, openStore, architecture });
  const first = await builder.build((await counted(1)).plan, signal);
  const { manifest } = await inspect(first.release.image, openStore);
  const [runtime, model] = manifest.layers!;
  const lie = { ...manifest, layers: [{ ...model, digest: runtime!.digest, size: runtime!.size }] };
  const mediaType = "application/vnd.oci.image.manifest.v1+json";
  await openStore(repository).putManifest(
    { mediaType, bytes: Buffer.from(JSON.stringify(lie)), tag: "latest" },
    signal,
  );
  const { plan, reads } = await counted(1);
  const second = await builder.build(plan, signal);
  expect(second.release).toEqual(first.release);
  expect(reads.count).toBe(2);
});

test("many large files share at most 64 layers", async () => {
  const files = Array.from({ length: 80 }, (_, index) =>
    modelBytes(`w${String(index).padStart(2, "0")}.bin`, 2 ** 24, 0),
  );
  const listed = files.map(({ path, bytes }) => ({ path, bytes, digest: sha256("any") }));
  const plan = await planOf(small);
  const layers = modelLayers({ ...plan.model, files: listed }, files, "models");
  expect(layers).toHaveLength(64);
  expect(layers.reduce((sum, { size }) => sum + size, 0)).toBeGreaterThan(80 * 2 ** 24);
});

test("a link in the runtime stands for its file, and one that leads out is refused", async () => {
  const openStore = await layout();
  const builder = builders.layout({ model: "digits", openStore, architecture });
  const plan = await planOf(small);
  const { from } = plan.runtime.folders[0]!;
  await symlink("server.mjs", join(from, "link.mjs"));
  await builder.build(plan, signal);
  await symlink("/etc/hostname", join(from, "out"));
  await expect(builder.build(plan, signal)).rejects.toMatchObject({
    problem: { code: "runtime.pack", message: expect.stringContaining("out") as string },
  });
});
