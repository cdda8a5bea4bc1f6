import { createReadStream } from "node:fs";
import { readdir, realpath, stat } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { digestOf } from "../../../domain/canonical.ts";
import { type Digest, hasher } from "../../../domain/digest.ts";
import type { Model, ModelFile } from "../../../domain/model.ts";
import { UserError, WorldError } from "../../../domain/problem.ts";
import type { ModelBytes } from "../../../ports/model-source.ts";
import type { RuntimeFolder } from "../../../ports/runtime.ts";
import { type TarFile, tarOf } from "../../oci/tar.ts";

/** A layer before it is sent. */
export interface Layer {
  size: number;
  /** What is in it, for people. */
  words: string;
  /** What is in it, for the next build: a layer that says the same is likely the same. */
  content: Digest;
  /** The tar; a model's files are checked against the digests that validation saw. */
  open(signal: AbortSignal): AsyncIterable<Uint8Array>;
  /** The tar without that check, at half the cost: for where the tar's own digest decides. */
  openUnchecked(signal: AbortSignal): AsyncIterable<Uint8Array>;
}

/** Files of this size and more get a layer each, so that one changed shard is one sent layer. */
const ownLayerBytes = 16 * 2 ** 20;
/** Overlay file systems stop at about 125 layers; the base has some of its own. */
const mostLayers = 64;

const odd = (path: string, what: string): WorldError =>
  new WorldError(
    {
      code: "runtime.pack",
      message: `the runtime's ${path} ${what}`,
      hint: "A runtime is made of regular files and folders, and links between them.",
    },
    { side: "runtime", during: "packing the runtime", retryable: false },
  );

/** A regular file, or what a link to one inside the folder stands for. */
async function runtimeFile(from: string, path: string, to: string): Promise<TarFile> {
  const name = relative(from, path).split(sep).join("/");
  const target = await realpath(path);
  if (!target.startsWith(`${await realpath(from)}${sep}`)) throw odd(name, "is a link that leaves its folder");
  const { size, mode } = await stat(target);
  const open = (signal: AbortSignal) => createReadStream(target, { highWaterMark: 2 ** 20, signal });
  return { path: `${to}/${name}`, bytes: size, executable: (mode & 0o100) !== 0, open };
}

/** A folder of the runtime as one layer. @throws WorldError `runtime.pack` for what is neither file, folder nor link to one. */
export async function runtimeLayer({ from, to }: RuntimeFolder): Promise<Layer> {
  const files: TarFile[] = [];
  const visit = async (folder: string): Promise<void> => {
    for (const entry of await readdir(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) await visit(path);
      else if (entry.isFile() || (entry.isSymbolicLink() && (await stat(path).catch(() => null))?.isFile()))
        files.push(await runtimeFile(from, path, to));
      else throw odd(relative(from, path), "is neither a file nor a folder");
    }
  };
  await visit(from);
  const tar = tarOf(files);
  const listed = files.map(({ path, bytes }) => ({ path, bytes }));
  const content = digestOf(listed.sort((a, b) => (a.path < b.path ? -1 : 1)));
  return { ...tar, openUnchecked: tar.open, words: `runtime ${to}`, content };
}

/** Generated files as one layer; none of none. */
export function textLayers(files: Readonly<Record<string, string>>): Layer[] {
  const entries = Object.entries(files).map(([path, text]) => ({ path, content: Buffer.from(text) }));
  if (entries.length === 0) return [];
  const tar = tarOf(
    entries.map(({ path, content }) => ({
      path,
      bytes: content.length,
      async *open() {
        yield content;
      },
    })),
  );
  return [{ ...tar, openUnchecked: tar.open, words: "runtime configuration", content: digestOf({ ...files }) }];
}

const changed = (path: string, why: string): UserError =>
  new UserError([
    {
      code: "model.changed",
      message: `${path} ${why}`,
      hint: "Let nothing write to the model while it is packaged, and run again.",
      at: { file: path },
    },
  ]);

/** The file's bytes, checked against the digest that validation saw, in the pass that sends them. */
async function* validated(file: ModelBytes, expected: Digest, signal: AbortSignal): AsyncIterable<Uint8Array> {
  const hash = hasher();
  for await (const chunk of file.stream(signal)) {
    hash.update(chunk);
    yield chunk;
  }
  if (hash.digest() !== expected) throw changed(file.path, "is not what it was when it was validated");
}

function modelLayer(files: readonly { file: ModelBytes; known: ModelFile }[], folder: string): Layer {
  const entries = files.map(({ file, known }) => ({ file, known, path: `${folder}/${file.path}`, bytes: file.bytes }));
  const { size, open } = tarOf(
    entries.map(({ file, known, ...entry }) => ({ ...entry, open: (signal) => validated(file, known.digest, signal) })),
  );
  const unchecked = tarOf(
    entries.map(({ file, path, bytes }) => ({ path, bytes, open: (signal) => file.stream(signal) })),
  );
  return {
    size,
    open,
    openUnchecked: unchecked.open,
    words: `model ${files
      .map(({ file }) => file.path)
      .join(" ")
      .slice(0, 200)}`,
    content: digestOf(entries.map(({ path, bytes, known }) => ({ path, bytes, digest: known.digest }))),
  };
}

/** The model's files with what was validated of them, in the order of their paths. @throws UserError `model.changed` */
function matched(model: Model, files: readonly ModelBytes[]): { file: ModelBytes; known: ModelFile }[] {
  const gone = model.files.find((known) => !files.some((file) => file.path === known.path));
  if (gone) throw changed(gone.path, "was validated, and is not there any more");
  const sorted = files.toSorted((a, b) => (a.path < b.path ? -1 : 1));
  return sorted.map((file) => {
    const known = model.files.find((other) => other.path === file.path);
    if (known?.bytes !== file.bytes) throw changed(file.path, "is not what it was when it was validated");
    return { file, known };
  });
}

/**
 * The model's files as layers: the small ones together, each large one alone, in the order of their paths.
 * @throws UserError `model.changed` when the files are not those of the model.
 */
export function modelLayers(model: Model, files: readonly ModelBytes[], folder: string): Layer[] {
  const all = matched(model, files);
  const small = all.filter(({ file }) => file.bytes < ownLayerBytes);
  const groups = small.length > 0 ? [small] : [];
  for (const each of all.filter(({ file }) => file.bytes >= ownLayerBytes))
    if (groups.length < mostLayers) groups.push([each]);
    else groups.at(-1)!.push(each);
  return groups.map((group) => modelLayer(group, folder));
}
