import { mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { gzipSync } from "node:zlib";
import { type Header, pack } from "tar-stream";
import { expect, onTestFinished, test } from "vitest";
import { bytesSource, mediaTypes } from "../../../../src/adapters/oci/content.ts";
import type { Descriptor, OciStore } from "../../../../src/adapters/oci/store.ts";
import { startOf, unpackImage } from "../../../../src/adapters/platforms/local/unpack.ts";
import { parseDigest } from "../../../../src/domain/digest.ts";
import type { Image } from "../../../../src/domain/image.ts";
import { UserError } from "../../../../src/domain/problem.ts";
import { memoryStore } from "../../../fakes/oci-store.ts";

const { signal } = new AbortController();

type Entry = [header: string | (Partial<Header> & { name: string }), content?: string];

async function tar(entries: readonly Entry[]): Promise<Buffer> {
  const archive = pack();
  for (const [header, content = ""] of entries)
    archive.entry(typeof header === "string" ? { name: header } : header, content);
  archive.finalize();
  return buffer(archive);
}

const own = { annotations: { "dev.modelgate.layer": "test" } };

/** Puts an image of these layers; `config` is its config's `config`. */
async function imageOf(
  store: OciStore,
  layers: readonly { bytes: Buffer; mediaType?: string; annotations?: Record<string, string> }[],
  config: object = {},
): Promise<Image> {
  const described: Descriptor[] = [];
  for (const { bytes, mediaType = mediaTypes.layer, annotations } of layers) {
    const { digest, size } = await store.pushBlob(bytesSource(bytes), null, signal);
    described.push({ mediaType, digest, size, ...(annotations && { annotations }) });
  }
  const pushed = await store.pushBlob(bytesSource(Buffer.from(JSON.stringify({ config }))), null, signal);
  const body = {
    schemaVersion: 2,
    config: { mediaType: mediaTypes.config, digest: pushed.digest, size: pushed.size },
    layers: described,
  };
  const bytes = Buffer.from(JSON.stringify(body));
  return {
    repository: store.repository,
    digest: await store.putManifest({ mediaType: mediaTypes.manifest, bytes }, signal),
  };
}

async function target(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "modelgate-unpack-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return join(folder, "outer/root");
}

async function unpacked(...layers: Parameters<typeof imageOf>[1]): Promise<{ root: string; files: string[] }> {
  const store = memoryStore();
  const root = await target();
  await unpackImage(store, await imageOf(store, layers), root, signal);
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1));
  return { root, files: files.toSorted() };
}

test("later layers win, whiteouts remove, and a folder can be emptied", async () => {
  const { root, files } = await unpacked(
    {
      bytes: await tar([
        ["a/one", "1"],
        ["a/two", "2"],
        ["b/three", "3"],
        ["b/c/four", "4"],
        ["same", "old"],
      ]),
    },
    {
      bytes: gzipSync(
        await tar([["a/.wh.one"], ["b/.wh..wh..opq"], ["b/five", "5"], ["same", "new"], ["./dot/six", "6"]]),
      ),
      mediaType: `${mediaTypes.layer}+gzip`,
    },
  );
  expect(files).toEqual(["a/two", "b/five", "dot/six", "same"]);
  expect(await readFile(join(root, "same"), "utf8")).toBe("new");
});

test("of an image with a base only the layers that modelgate added are unpacked", async () => {
  const link: Entry = [{ name: "bin", type: "symlink", linkname: "usr/bin" }];
  const { files } = await unpacked({ bytes: await tar([link]) }, { bytes: await tar([["models/x", "1"]]), ...own });
  expect(files).toEqual(["models/x"]);
});

test("modes lose what others could misuse", async () => {
  const { root } = await unpacked({ bytes: await tar([[{ name: "run", mode: 0o6777 }, "x"]]) });
  expect((await stat(join(root, "run"))).mode & 0o7777).toBe(0o755);
});

test.each<[string, Entry[], RegExp]>([
  ["an absolute path", [["/etc/passwd", "x"]], /leaves its root: "\/etc\/passwd"/],
  ["a path upwards", [["a/../../x", "x"]], /leaves its root/],
  ["a backslash", [["a\\..\\x", "x"]], /leaves its root/],
  ["a link", [[{ name: "a", type: "symlink", linkname: "/etc" }]], /has a symlink called "a"/],
  ["a hard link", [["b", "x"], [{ name: "a", type: "link", linkname: "b" }]], /has a link called "a"/],
  ["a device", [[{ name: "a", type: "block-device", devmajor: 8, devminor: 0 }]], /has a block-device called "a"/],
  ["a pipe", [[{ name: "a", type: "fifo" }]], /has a fifo called "a"/],
  [
    "a file as a folder",
    [
      ["a", "x"],
      ["a/b", "x"],
    ],
    /below something that is not one/,
  ],
  ["a whiteout of what is above the root", [[".wh..."]], /leaves its root: "\.wh\.\.\."/],
  ["a whiteout of nothing", [["a/.wh."]], /leaves its root/],
])("%s is refused, and nothing is left", async (_name, entries, message) => {
  const store = memoryStore();
  const image = await imageOf(store, [{ bytes: await tar(entries) }]);
  const root = await target();
  const unpacking = unpackImage(store, image, root, signal);
  await expect(unpacking).rejects.toThrow(message);
  await expect(unpacking).rejects.toBeInstanceOf(UserError);
  expect(await readdir(join(root, ".."))).toEqual([]);
});

test("a layer of another type is refused", async () => {
  const store = memoryStore();
  const image = await imageOf(store, [{ bytes: await tar([["a", "x"]]), mediaType: `${mediaTypes.layer}+zstd` }]);
  await expect(unpackImage(store, image, await target(), signal)).rejects.toThrow(/has a layer of type .*\+zstd/);
});

test("nothing is left of an image whose layer is not what its digest says", async () => {
  const store = memoryStore();
  const image = await imageOf(store, [{ bytes: await tar([["a", "x"]]) }]);
  const lying: OciStore = {
    ...store,
    async *blob(digest, stop) {
      yield* store.blob(digest, stop);
      throw new RangeError("not the digest's bytes");
    },
  };
  const root = await target();
  await expect(unpackImage(lying, image, root, signal)).rejects.toThrow("not the digest's bytes");
  expect(await readdir(join(root, ".."))).toEqual([]);
});

test("chunks whose memory is used again are read rightly", async () => {
  const store = memoryStore();
  const content = Array.from({ length: 40_000 }, (_, index) => index).join(" ");
  const image = await imageOf(store, [{ bytes: await tar([["numbers", content]]) }]);
  const memory = Buffer.alloc(1024);
  const reusing: OciStore = {
    ...store,
    async *blob(digest, stop) {
      const whole = await buffer(store.blob(digest, stop));
      for (let at = 0; at < whole.length; at += memory.length) yield memory.subarray(0, whole.copy(memory, 0, at));
    },
  };
  const root = await target();
  await unpackImage(reusing, image, root, signal);
  expect(await readFile(join(root, "numbers"), "utf8")).toBe(content);
});

test("an image says how it is started", async () => {
  const store = memoryStore();
  const image = await imageOf(store, [], { Entrypoint: ["node", "x.mjs"], Env: ["A=b=c", "EMPTY="] });
  expect(await startOf(store, image, signal)).toEqual({ entrypoint: ["node", "x.mjs"], env: { A: "b=c", EMPTY: "" } });
  await expect(startOf(store, await imageOf(store, []), signal)).rejects.toThrow("does not say how it is started");
});

test("an image that is not there is not found", async () => {
  const store = memoryStore();
  const image = { repository: store.repository, digest: parseDigest(`sha256:${"0".repeat(64)}`) };
  await expect(unpackImage(store, image, await target(), signal)).rejects.toThrow(/has no image sha256:0/);
});
