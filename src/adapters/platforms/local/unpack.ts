import { createWriteStream } from "node:fs";
import { lstat, mkdir, readdir, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { extract } from "tar-stream";
import { short } from "../../../domain/digest.ts";
import { UserError, WorldError } from "../../../domain/problem.ts";
import type { Release } from "../../../domain/release.ts";
import { readManifest, wholeBlob } from "../../oci/content.ts";
import type { Descriptor, OciStore } from "../../oci/store.ts";

const refused = (release: Release, message: string): UserError =>
  new UserError([
    {
      code: "release.unreadable",
      message: `the image ${short(release.image.digest)} ${message}`,
      hint: "The local platform runs images that modelgate packaged. Package the model again, or use platform: docker.",
    },
  ]);

/** The path of an entry inside the root. @throws UserError when it leaves the root. */
function inside(name: string, release: Release): string {
  const parts = name.split("/").filter((part) => part !== "" && part !== ".");
  if (name.startsWith("/") || name.includes("\\") || parts.includes(".."))
    throw refused(release, `has an entry that leaves its root: "${name}"`);
  return parts.join("/");
}

/** Makes a folder and its parents, none of which may be a link that an earlier entry planted. */
async function makeFolder(root: string, path: string, release: Release): Promise<void> {
  let at = root;
  for (const part of path.split("/").filter((name) => name !== "" && name !== ".")) {
    at = join(at, part);
    const found = await lstat(at).catch(() => null);
    if (found && !found.isDirectory())
      throw refused(release, `has the folder "${path}" below something that is not one`);
    if (!found) await mkdir(at);
  }
}

const whiteout = ".wh.";

async function applyWhiteout(root: string, path: string): Promise<void> {
  const name = path.split("/").at(-1)!;
  const folder = join(root, dirname(path));
  if (name === ".wh..wh..opq")
    for (const entry of await readdir(folder).catch(() => [])) await rm(join(folder, entry), { recursive: true });
  else await rm(join(folder, name.slice(whiteout.length)), { recursive: true, force: true });
}

async function unpackLayer(
  store: OciStore,
  layer: Descriptor,
  root: string,
  options: { release: Release; signal: AbortSignal },
): Promise<void> {
  const { release, signal } = options;
  const entries = extract();
  const bytes = Readable.from(store.blob(layer.digest, signal));
  if (!layer.mediaType.endsWith("tar") && !layer.mediaType.endsWith("+gzip"))
    throw refused(release, `has a layer of type ${layer.mediaType}`);
  const feeding = layer.mediaType.endsWith("+gzip")
    ? pipeline(bytes, createGunzip(), entries)
    : pipeline(bytes, entries);
  const reading = (async () => {
    for await (const entry of entries) {
      const { name, type, mode } = entry.header;
      const path = inside(name, release);
      if (path.split("/").at(-1)?.startsWith(whiteout)) await applyWhiteout(root, path);
      else if (type === "directory") await makeFolder(root, path, release);
      else if (type === "file" || type === "contiguous-file") {
        await makeFolder(root, dirname(path), release);
        await rm(join(root, path), { force: true });
        await pipeline(entry, createWriteStream(join(root, path), { flags: "wx", mode: (mode ?? 0o644) & 0o755 }));
        continue;
      } else throw refused(release, `has a ${type} called "${name}", which the local platform does not make`);
      entry.resume();
    }
  })();
  const results = await Promise.allSettled([reading, feeding]);
  for (const result of results) if (result.status === "rejected") throw result.reason;
}

/**
 * Unpacks an image's own layers into a folder, whole or not at all. Each layer is checked against its digest as it is read.
 * Only files and folders are made: a model image of ours has nothing else.
 */
export async function unpackImage(store: OciStore, release: Release, root: string, signal: AbortSignal): Promise<void> {
  if (await lstat(root).catch(() => null)) return;
  const manifest = await store.manifest(release.image.digest, signal);
  if (!manifest)
    throw new WorldError(
      {
        code: "release.not-found",
        message: `${release.image.repository} has no image ${release.image.digest}`,
        hint: "Package the model again.",
      },
      { side: `registry of ${release.image.repository}`, during: "unpacking the image", retryable: false },
    );
  const temporary = `${root}.part-${process.pid}`;
  await rm(temporary, { recursive: true, force: true });
  await mkdir(temporary, { recursive: true });
  try {
    for (const layer of readManifest(manifest, store.repository).layers ?? [])
      await unpackLayer(store, layer, temporary, { release, signal });
    await rename(temporary, root);
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

/** How the image says it is started: its entrypoint and environment. */
export async function startOf(
  store: OciStore,
  release: Release,
  signal: AbortSignal,
): Promise<{ entrypoint: readonly string[]; env: Record<string, string> }> {
  const manifest = await store.manifest(release.image.digest, signal);
  const descriptor = manifest && readManifest(manifest, store.repository).config;
  if (!descriptor) throw refused(release, "has no config");
  const { config } = JSON.parse(
    Buffer.from(await wholeBlob(store, descriptor, 4 * 2 ** 20, signal)).toString("utf8"),
  ) as { config?: { Env?: string[]; Entrypoint?: string[] } };
  if (!config?.Entrypoint?.length) throw refused(release, "does not say how it is started");
  return {
    entrypoint: config.Entrypoint,
    env: Object.fromEntries(
      (config.Env ?? []).map((entry) => [entry.slice(0, entry.indexOf("=")), entry.slice(entry.indexOf("=") + 1)]),
    ),
  };
}
