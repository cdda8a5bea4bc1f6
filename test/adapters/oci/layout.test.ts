import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { bytesSource, mediaTypes } from "../../../src/adapters/oci/content.ts";
import { layoutStore } from "../../../src/adapters/oci/layout.ts";
import { hex } from "../../../src/domain/digest.ts";

const { signal } = new AbortController();
const root = join(import.meta.dirname, "../../..");

async function temporary(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "modelgate-layout-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** A program that has the layout open as `store`, in a process of its own. */
function program(folder: string, body: string) {
  const url = pathToFileURL(join(root, "src/adapters/oci/layout.ts")).href;
  const text = `import { layoutStore } from ${JSON.stringify(url)};
    const store = layoutStore("embedded/digits", ${JSON.stringify(folder)});
    const { signal } = new AbortController();
    ${body}`;
  const child = spawn(process.execPath, ["--input-type=module", "--disable-warning=ExperimentalWarning", "-e", text], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  return { child, exited: once(child, "exit") };
}

const putMany = (name: string, count: number): string => `
  for (let index = 0; index < ${count}; index++) {
    const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, annotations: { name: "${name}-" + index } }));
    await store.putManifest({ mediaType: ${JSON.stringify(mediaTypes.manifest)}, bytes, tag: "${name}-" + index }, signal);
  }`;

test("processes that write beside each other lose no entry", async () => {
  const folder = await temporary();
  const writers = ["a", "b", "c", "d"].map((name) => program(folder, putMany(name, 15)));
  expect(await Promise.all(writers.map(({ exited }) => exited))).toEqual(writers.map(() => [0, null]));
  const store = layoutStore("embedded/digits", folder);
  for (const name of ["a", "b", "c", "d"])
    for (let index = 0; index < 15; index++) expect(await store.manifest(`${name}-${index}`, signal)).not.toBeNull();
});

test("a writer that is killed leaves no half blob, and what it left is removed when it is old", async () => {
  const folder = await temporary();
  const { child, exited } = program(
    folder,
    `await store.pushBlob({ digest: null, size: 2 ** 40, async *open() {
       for (;;) { yield Buffer.alloc(2 ** 20); process.stdout.write("."); await new Promise((go) => setTimeout(go, 5)); }
     } }, null, signal);`,
  );
  await once(child.stdout, "data");
  child.kill("SIGKILL");
  await exited;
  expect(await readdir(join(folder, "blobs/sha256"))).toEqual([]);
  const [left, ...others] = (await readdir(join(folder, "blobs"))).filter((name) => name.endsWith(".part"));
  expect(others).toEqual([]);
  const store = layoutStore("embedded/digits", folder);
  await store.pushBlob(bytesSource(Buffer.from("young")), null, signal);
  expect(await readdir(join(folder, "blobs"))).toContain(left);
  const old = new Date(Date.now() - 2 * 60 * 60_000);
  await utimes(join(folder, "blobs", left!), old, old);
  await store.pushBlob(bytesSource(Buffer.from("old")), null, signal);
  expect(await readdir(join(folder, "blobs"))).toEqual(["sha256"]);
});

test("the folder is an OCI image layout", async () => {
  const folder = await temporary();
  const store = layoutStore("embedded/digits", folder);
  const bytes = Buffer.from('{"schemaVersion":2}');
  const digest = await store.putManifest({ mediaType: mediaTypes.manifest, bytes, tag: "latest" }, signal);
  expect(JSON.parse(await readFile(join(folder, "oci-layout"), "utf8"))).toEqual({ imageLayoutVersion: "1.0.0" });
  expect(JSON.parse(await readFile(join(folder, "index.json"), "utf8"))).toEqual({
    schemaVersion: 2,
    mediaType: mediaTypes.index,
    manifests: [
      {
        mediaType: mediaTypes.manifest,
        digest,
        size: bytes.length,
        annotations: { "org.opencontainers.image.ref.name": "latest" },
      },
    ],
  });
  expect((await stat(join(folder, "blobs/sha256", hex(digest)))).size).toBe(bytes.length);
  expect((await readdir(folder)).toSorted()).toEqual(["blobs", "index.json", "oci-layout"]);
});

test("a blob that was tampered with is noticed when it is read", async () => {
  const folder = await temporary();
  const store = layoutStore("embedded/digits", folder);
  const { digest } = await store.pushBlob(bytesSource(Buffer.from("the model")), null, signal);
  await writeFile(join(folder, "blobs/sha256", hex(digest)), "the m0del");
  const reading = async () => {
    for await (const _ of store.blob(digest, signal));
  };
  await expect(reading()).rejects.toMatchObject({ problem: { code: "registry.digest" } });
  await expect(store.manifest(digest, signal)).rejects.toMatchObject({ problem: { code: "registry.digest" } });
});

test.each(["{", "[]", '{"manifests":3}', "null"])(
  "an index.json that holds %s is a problem with a place and a hint",
  async (text) => {
    const folder = await temporary();
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, "index.json"), text);
    await expect(layoutStore("embedded/digits", folder).manifest("latest", signal)).rejects.toMatchObject({
      problem: { code: "registry.digest", message: expect.stringContaining(join(folder, "index.json")) as string },
    });
  },
);
