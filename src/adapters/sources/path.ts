import { constants } from "node:fs";
import { type FileHandle, lstat, open, readdir, realpath } from "node:fs/promises";
import { basename, dirname, join, relative, sep } from "node:path";
import { UserError } from "../../domain/problem.ts";
import type { ModelBytes, ModelFolder, ModelSource } from "../../ports/model-source.ts";

const chunkBytes = 2 ** 20;
/** Version control and desktop litter: never part of a model. Every other file of a named folder is. */
const ignored = new Set([".git", ".gitattributes", ".gitignore", ".DS_Store", "Thumbs.db"]);

const failure = (error: unknown): string => (error instanceof Error && "code" in error ? String(error.code) : "");

/** What tells that a file was replaced or written to: device, inode, size, and both times in nanoseconds. */
async function identity(file: FileHandle): Promise<string> {
  const { dev, ino, size, mtimeNs, ctimeNs } = await file.stat({ bigint: true });
  return [dev, ino, size, mtimeNs, ctimeNs].join(" ");
}

const changed = (path: string): UserError =>
  new UserError([
    {
      code: "model.changed",
      message: `${path} changed while it was read`,
      hint: "Let nothing write to the model while modelgate works, and run again.",
      at: { file: path },
    },
  ]);

/** One regular file. It is opened for each use: a folder of a thousand shards must not hold a thousand descriptors. */
async function modelBytes(absolute: string, path: string): Promise<ModelBytes> {
  const using = async <T>(work: (file: FileHandle) => Promise<T>): Promise<T> => {
    const file = await open(absolute, constants.O_RDONLY | constants.O_NOFOLLOW);
    try {
      return await work(file);
    } finally {
      await file.close();
    }
  };
  const [seen, bytes] = await using(async (file) => [await identity(file), (await file.stat()).size] as const);
  return {
    path,
    bytes,
    read: (offset, length) =>
      using(async (file) => {
        if ((await identity(file)) !== seen) throw changed(absolute);
        const buffer = Buffer.alloc(Math.max(0, Math.min(length, bytes - offset)));
        const { bytesRead } = await file.read(buffer, 0, buffer.length, offset);
        return buffer.subarray(0, bytesRead);
      }),
    async *stream(signal) {
      const file = await open(absolute, constants.O_RDONLY | constants.O_NOFOLLOW);
      try {
        if ((await identity(file)) !== seen) throw changed(absolute);
        const buffer = Buffer.allocUnsafe(chunkBytes);
        for (;;) {
          signal.throwIfAborted();
          const { bytesRead } = await file.read(buffer, 0, chunkBytes, null);
          if (bytesRead === 0) break;
          yield buffer.subarray(0, bytesRead);
        }
        if ((await identity(file)) !== seen) throw changed(absolute);
      } finally {
        await file.close();
      }
    },
  };
}

const wayOut = (path: string, why: string): UserError =>
  new UserError([
    {
      code: "model.external-data",
      message: `the model refers to "${path}", ${why}`,
      hint: "Data of a model must be regular files inside its own folder. Export the model again with its data beside it, or do not trust it.",
      at: { file: path },
    },
  ]);

/** Walks a path a model file states, one component at a time, below the folder. */
async function findBelow(folder: string, path: string): Promise<ModelBytes | null> {
  if (path === "" || path.includes("\0")) throw wayOut(path, "which is not a path");
  if (path.startsWith("/") || /^[A-Za-z]:/.test(path)) throw wayOut(path, "which is an absolute path");
  if (path.includes("\\")) throw wayOut(path, "which has a backslash");
  const parts = path.split("/").filter((part) => part !== "" && part !== ".");
  if (parts.includes("..")) throw wayOut(path, "which leaves the folder");
  let at = folder;
  for (const [index, part] of parts.entries()) {
    at = join(at, part);
    const found = await lstat(at).catch((error: unknown) => {
      if (failure(error) === "ENOENT" || failure(error) === "ENOTDIR") return null;
      throw error;
    });
    if (!found) return null;
    if (found.isSymbolicLink()) throw wayOut(path, "which is a link");
    const last = index === parts.length - 1;
    if (last && !found.isFile()) throw wayOut(path, "which is not a regular file");
    if (last && found.nlink > 1) throw wayOut(path, "which has a second name (a hard link)");
  }
  return modelBytes(at, parts.join("/"));
}

/** All regular files below a folder. A link or a device inside a model folder is refused, never skipped. */
async function filesBelow(folder: string): Promise<ModelBytes[]> {
  const found: ModelBytes[] = [];
  const visit = async (at: string): Promise<void> => {
    for (const entry of await readdir(at, { withFileTypes: true })) {
      if (ignored.has(entry.name)) continue;
      const absolute = join(at, entry.name);
      const path = relative(folder, absolute).split(sep).join("/");
      if (entry.isDirectory()) await visit(absolute);
      else if (entry.isFile()) found.push(await modelBytes(absolute, path));
      else throw wayOut(path, "which is a link or a special file");
    }
  };
  await visit(folder);
  return found.sort((a, b) => (a.path < b.path ? -1 : 1));
}

const notFound = (path: string, why: string): UserError =>
  new UserError([
    {
      code: "model.not-found",
      message: `there is no model at ${path}${why}`,
      hint: "Check model.path; it is relative to the folder of modelgate.yml.",
      at: { file: path },
    },
  ]);

/** A model on this machine: a file, or a folder with all that is in it. The path itself may be a link. */
export const pathSource: ModelSource = {
  kind: "path",
  async open(path): Promise<ModelFolder> {
    if (/^[a-z][a-z0-9+.-]*:\/\//i.test(path))
      throw notFound(path, ": addresses are not read, only files and folders (kind: path)");
    const absolute = await realpath(path).catch((error: unknown) => {
      throw failure(error) === "ENOENT" ? notFound(path, "") : error;
    });
    const found = await lstat(absolute);
    if (found.isDirectory())
      return { origin: path, main: null, files: await filesBelow(absolute), find: (name) => findBelow(absolute, name) };
    if (!found.isFile()) throw notFound(path, " that is a regular file or a folder");
    const main = await modelBytes(absolute, basename(absolute));
    return { origin: path, main, files: [main], find: (name) => findBelow(dirname(absolute), name) };
  },
};
