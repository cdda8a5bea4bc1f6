import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { layoutBundles } from "../../../src/adapters/bundles/index.ts";
import { bytesSource, mediaTypes } from "../../../src/adapters/oci/content.ts";
import type { OciStore } from "../../../src/adapters/oci/store.ts";
import type { Digest } from "../../../src/domain/digest.ts";
import type { Image } from "../../../src/domain/image.ts";
import { UserError } from "../../../src/domain/problem.ts";
import type { Bundles } from "../../../src/ports/bundles.ts";
import { fakeEvidenceStore } from "../../fakes/evidence-store.ts";
import { memoryStore } from "../../fakes/oci-store.ts";

const { signal } = new AbortController();
const encode = (value: object | string): Uint8Array =>
  new TextEncoder().encode(typeof value === "string" ? value : JSON.stringify(value));

async function push(store: OciStore, mediaType: string, text: string) {
  const { digest, size } = await store.pushBlob(bytesSource(encode(text)), null, signal);
  return { mediaType, digest, size };
}

/** An image with one layer, and statements that refer to it or to each other. */
async function put(store: OciStore, layer: string, subject: Digest | null): Promise<Digest> {
  const body = {
    schemaVersion: 2,
    mediaType: mediaTypes.manifest,
    artifactType: "application/vnd.in-toto+json",
    config: await push(store, mediaTypes.empty, "{}"),
    layers: [await push(store, mediaTypes.layer, layer)],
    ...(subject && { subject: { mediaType: mediaTypes.manifest, digest: subject, size: 1 } }),
  };
  return store.putManifest({ mediaType: mediaTypes.manifest, bytes: encode(body) }, signal);
}

let source: OciStore;
let room: OciStore;
let image: Image;
let statement: Digest;
let path: string;
let bundles: Bundles;
beforeEach(async () => {
  source = memoryStore();
  room = memoryStore();
  const digest = await put(source, "the model", null);
  statement = await put(source, "it was judged", digest);
  await put(source, "somebody looked at the judgement", statement);
  await put(source, "another image", null);
  image = { repository: source.repository, digest };
  const folder = await mkdtemp(join(tmpdir(), "modelgate-bundle-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  path = join(folder, "digits");
  bundles = layoutBundles({
    openStore: (repository) => (repository === source.repository ? source : room),
    repository: "registry.room/digits",
    readers: {
      evidence: () => fakeEvidenceStore(),
      describe: () => async () => {
        throw new Error("no test describes");
      },
    },
  });
});

test("a bundle holds the image, what refers to it and what refers to that, and nothing else", async () => {
  const size = await bundles.write(image, path, { "trust/modelgate.pub": "a key" }, signal);
  expect(size.blobs).toBe(6);
  const bundle = await bundles.open(path, signal);
  expect(bundle.image).toEqual({ repository: "registry.room/digits", digest: image.digest });
  await expect(bundle.check(signal)).resolves.toMatchObject({ blobs: 4 });
  expect(await readFile(join(path, "trust/modelgate.pub"), "utf8")).toBe("a key");
  expect(JSON.parse(await readFile(join(path, "oci-layout"), "utf8"))).toEqual({ imageLayoutVersion: "1.0.0" });
});

test("unpacking gives the room's registry the same digests", async () => {
  await bundles.write(image, path, {}, signal);
  const bundle = await bundles.open(path, signal);
  await bundle.unpack(signal);
  expect((await room.referrers(image.digest, null, signal)).map(({ digest }) => digest)).toEqual([statement]);
  expect(await room.referrers(statement, null, signal)).toHaveLength(1);
  const bytesIn = async (store: OciStore) =>
    Buffer.from((await store.manifest(image.digest, signal))!.bytes).toString();
  expect(await bytesIn(room)).toBe(await bytesIn(source));
});

test("what is there is not written over, and a failed writing leaves nothing", async () => {
  await bundles.write(image, path, {}, signal);
  await expect(bundles.write(image, path, {}, signal)).rejects.toMatchObject({ problems: [{ code: "bundle.path" }] });
  const missing = { ...image, digest: `sha256:${"0".repeat(64)}` as Digest };
  await expect(bundles.write(missing, `${path}-2`, {}, signal)).rejects.toThrow(/does not have it/);
  expect((await readdir(join(path, ".."))).toSorted()).toEqual(["digits"]);
});

test("a folder without a release is no bundle", async () => {
  await expect(bundles.open(path, signal)).rejects.toMatchObject({ problems: [{ code: "bundle.damaged" }] });
});

describe("a bundle with one byte changed is refused before anything is loaded", () => {
  test.each([0, 1, 2, 3, 4, 5, 6])("blob %i", async (index) => {
    await bundles.write(image, path, {}, signal);
    const blobs = join(path, "blobs/sha256");
    const names = (await readdir(blobs)).toSorted();
    const target = join(blobs, names[index % names.length]!);
    const bytes = await readFile(target);
    bytes[bytes.length - 1]! ^= 1;
    await writeFile(target, bytes);
    const attempt = async () => (await bundles.open(path, signal)).check(signal);
    await expect(attempt()).rejects.toThrow(UserError);
    await expect(attempt()).rejects.toMatchObject({ problems: [{ code: "bundle.damaged" }] });
    expect(await room.manifest(image.digest, signal)).toBeNull();
  });

  test("and one with a blob removed", async () => {
    await bundles.write(image, path, {}, signal);
    const blobs = join(path, "blobs/sha256");
    for (const name of await readdir(blobs)) {
      const kept = await readFile(join(blobs, name));
      await rm(join(blobs, name));
      const attempt = async () => (await bundles.open(path, signal)).check(signal);
      await expect(attempt()).rejects.toMatchObject({ problems: [{ code: "bundle.damaged" }] });
      await writeFile(join(blobs, name), kept);
    }
  });
});
