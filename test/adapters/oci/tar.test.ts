import { execFileSync, spawnSync } from "node:child_process";
import { mkdtemp, open, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { extract } from "tar-stream";
import { expect, onTestFinished, test } from "vitest";
import { type TarFile, tarOf } from "../../../src/adapters/oci/tar.ts";
import { sha256 } from "../../../src/domain/digest.ts";
import { UserError } from "../../../src/domain/problem.ts";

const { signal } = new AbortController();

const fileOf = (path: string, content: string | Buffer, executable = false): TarFile => ({
  path,
  executable,
  bytes: Buffer.byteLength(content),
  async *open() {
    yield Buffer.from(content);
  },
});

async function bytesOf(files: readonly TarFile[]): Promise<Buffer> {
  const tar = tarOf(files);
  const chunks: Uint8Array[] = [];
  for await (const chunk of tar.open(signal)) chunks.push(chunk);
  const bytes = Buffer.concat(chunks);
  expect(bytes.length).toBe(tar.size);
  expect(bytes.length % 512).toBe(0);
  return bytes;
}

async function onDisk(bytes: Uint8Array): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "modelgate-tar-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const path = join(folder, "layer.tar");
  await writeFile(path, bytes);
  return path;
}

const name = (length: number): string => `m/${"n".repeat(length - 2)}`;
const deep = (length: number): string => `${"d/".repeat(length / 2 - 5)}${"f".repeat(10)}`;

/** Names around ustar's limits, sizes around the block's, and what a path may hold. */
const files: TarFile[] = [
  ...[0, 1, 511, 512, 513, 1024].map((size) =>
    fileOf(`sizes/${String(size).padStart(4, "0")}.bin`, Buffer.alloc(size, size & 255)),
  ),
  ...[99, 100, 101, 155, 156, 256, 300].map((length) => fileOf(name(length), `name of ${length}`)),
  ...[254, 256, 258, 300].map((length) => fileOf(deep(length), `path of ${length}`)),
  fileOf("modèle/données ☃ 模型.bin", "utf-8"),
  fileOf("bin/run", "#!/bin/sh\n", true),
  fileOf("top.txt", "top"),
];
const expected = files.map(({ path, bytes }) => ({ path, bytes })).toSorted((a, b) => (a.path < b.path ? -1 : 1));
const byPath = (a: { path: string }, b: { path: string }): number => (a.path < b.path ? -1 : 1);

test("tar-stream reads it back: names, sizes, modes, owners, times, and folders before what is in them", async () => {
  const entries = extract();
  const found: { path: string; bytes: number; content: string }[] = [];
  const folders = new Set<string>();
  const reading = (async () => {
    for await (const entry of entries) {
      const { name: path, type, mode, uid, gid, mtime, size } = entry.header;
      expect({ uid, gid, time: mtime?.getTime() }).toEqual({ uid: 0, gid: 0, time: 0 });
      const parent = path.replace(/\/$/, "").split("/").slice(0, -1).join("/");
      if (parent) expect(folders).toContain(parent);
      if (type === "directory") folders.add(path.replace(/\/$/, ""));
      expect(mode).toBe(type === "directory" || path === "bin/run" ? 0o755 : 0o644);
      const chunks: Buffer[] = [];
      for await (const chunk of entry) chunks.push(chunk as Buffer);
      if (type === "file") found.push({ path, bytes: size!, content: sha256(Buffer.concat(chunks)) });
    }
  })();
  await Promise.all([pipeline(Readable.from([await bytesOf(files)]), entries), reading]);
  expect(found.map(({ path, bytes }) => ({ path, bytes })).toSorted(byPath)).toEqual(expected);
  expect(new Set(found.map(({ content }) => content)).size).toBe(found.length);
});

test("GNU tar reads it back", async () => {
  const path = await onDisk(await bytesOf(files));
  const listed = execFileSync(
    "tar",
    ["--list", "--verbose", "--numeric-owner", "--full-time", "--utc", "--quoting-style=literal", "-f", path],
    {
      encoding: "utf8",
      env: { PATH: process.env["PATH"], LC_ALL: "C.UTF-8" },
    },
  );
  const lines = listed
    .trimEnd()
    .split("\n")
    .map((line) => /^(\S+) 0\/0 +(\d+) 1970-01-01 00:00:00 (.*)$/.exec(line)!);
  const found = lines
    .filter((line) => line[1]!.startsWith("-"))
    .map((line) => ({ path: line[3]!, bytes: Number(line[2]) }));
  expect(found.toSorted(byPath)).toEqual(expected);
});

test("Python's tarfile reads it back, where there is a Python", async () => {
  const path = await onDisk(await bytesOf(files));
  const script =
    "import sys,tarfile,json;print(json.dumps([[m.name,m.size] for m in tarfile.open(sys.argv[1]) if m.isfile()]))";
  const { status, stdout, error } = spawnSync("python3", ["-c", script, path], { encoding: "utf8" });
  if (error) return expect(error).toMatchObject({ code: "ENOENT" });
  expect(status).toBe(0);
  const found = (JSON.parse(stdout) as [string, number][]).map(([file, bytes]) => ({ path: file, bytes }));
  expect(found.toSorted(byPath)).toEqual(expected);
});

test.each([8 ** 11 - 1, 8 ** 11, 10 ** 13])(
  "a file of %i bytes has a header that GNU tar understands",
  async (bytes) => {
    const tar = tarOf([
      {
        path: "models/huge.bin",
        bytes,
        async *open() {
          yield Buffer.alloc(1);
        },
      },
    ]);
    const head: Uint8Array[] = [];
    await expect(
      (async () => {
        for await (const chunk of tar.open(signal)) head.push(chunk);
      })(),
    ).rejects.toThrow(UserError);
    const path = await onDisk(Buffer.concat(head).subarray(0, -1));
    const file = await open(path, "r+");
    // A hole stands for the content.
    await file.truncate(tar.size);
    await file.close();
    const { stdout } = spawnSync("tar", ["-tvf", path], { encoding: "utf8" });
    expect(stdout.trimEnd().split("\n").at(-1)).toMatch(new RegExp(` ${bytes} .* models/huge.bin$`));
  },
);

test("the same files give the same bytes in whatever order and chunks they come", async () => {
  const one = await bytesOf(files);
  const chopped = files.toReversed().map((file) => ({
    ...file,
    async *open(stop: AbortSignal) {
      for await (const chunk of file.open(stop)) for (const byte of chunk) yield Buffer.of(byte);
    },
  }));
  expect((await bytesOf(chopped)).equals(one)).toBe(true);
});

test.each([-1, 1])("a file that is %i byte longer than its header says is refused, with its name", async (off) => {
  const file = { ...fileOf("models/weights.bin", "12345"), bytes: 5 - off };
  await expect(bytesOf([file])).rejects.toMatchObject({
    problems: [{ code: "model.changed", at: { file: "models/weights.bin" } }],
  });
});

test("a tar of nothing is two empty blocks", async () => {
  expect((await bytesOf([])).equals(Buffer.alloc(1024))).toBe(true);
});
