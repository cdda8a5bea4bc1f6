import { createWriteStream } from "node:fs";
import { lstat, mkdir, readdir, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { extract } from "tar-stream";
import { short } from "../../../domain/digest.ts";
import type { Image } from "../../../domain/image.ts";
import { UserError, WorldError } from "../../../domain/problem.ts";
import { readManifest, wholeBlob } from "../../oci/content.ts";
import type { Descriptor, OciStore } from "../../oci/store.ts";

const refused = (image: Image, message: string): UserError =>
  new UserError([
    {
      code: "release.unreadable",
      message: `the image ${short(image.digest)} ${message}`,
      hint: "The local platform runs images that modelgate packaged. Package the model again, or use platform: docker.",
    },
  ]);

/** The path of an entry inside the root. @throws UserError when it leaves the root. */
function inside(name: string, image: Image): string {
  const parts = name.split("/").filter((part) => part !== "" && part !== ".");
  if (name.startsWith("/") || name.includes("\\") || parts.includes(".."))
    throw refused(image, `has an entry that leaves its root: "${name}"`);
  return parts.join("/");
}

/** Makes a folder and its parents, none of which may be a link that an earlier entry planted. */
async function makeFolder(root: string, path: string, image: Image): Promise<void> {
  let at = root;
  for (const part of path.split("/").filter((name) => name !== "" && name !== ".")) {
    at = join(at, part);
    const found = await lstat(at).catch(() => null);
    if (found && !found.isDirectory()) throw refused(image, `has the folder "${path}" below something that is not one`);
    if (!found) await mkdir(at);
  }
}

const whiteout = ".wh.";

/** Removes what an entry of a later layer says is gone: one name, or all that the folder held. */
async function applyWhiteout(root: string, path: string, image: Image): Promise<void> {
  const name = path.split("/").at(-1)!;
  const gone = name.slice(whiteout.length);
  if (["", ".", ".."].includes(gone)) throw refused(image, `has an entry that leaves its root: "${path}"`);
  const folder = join(root, dirname(path));
  if (name === ".wh..wh..opq")
    for (const entry of await readdir(folder).catch(() => [])) await rm(join(folder, entry), { recursive: true });
  else await rm(join(folder, gone), { recursive: true, force: true });
}

/** Chunks that stay as they are: a stream reads ahead, and a store may use a chunk's memory again for the next. */
async function* owned(chunks: AsyncIterable<Uint8Array>): AsyncIterable<Buffer> {
  for await (const chunk of chunks) yield Buffer.from(chunk);
}

async function unpackLayer(
  store: OciStore,
  layer: Descriptor,
  root: string,
  options: { image: Image; signal: AbortSignal },
): Promise<void> {
  const { image, signal } = options;
  const entries = extract();
  const bytes = Readable.from(owned(store.blob(layer.digest, signal)));
  if (!layer.mediaType.endsWith("tar") && !layer.mediaType.endsWith("+gzip"))
    throw refused(image, `has a layer of type ${layer.mediaType}`);
  const feeding = layer.mediaType.endsWith("+gzip")
    ? pipeline(bytes, createGunzip(), entries)
    : pipeline(bytes, entries);
  const reading = (async () => {
    for await (const entry of entries) {
      const { name, type, mode } = entry.header;
      const path = inside(name, image);
      if (path.split("/").at(-1)?.startsWith(whiteout)) await applyWhiteout(root, path, image);
      else if (type === "directory") await makeFolder(root, path, image);
      else if (type === "file" || type === "contiguous-file") {
        await makeFolder(root, dirname(path), image);
        await rm(join(root, path), { force: true });
        await pipeline(entry, createWriteStream(join(root, path), { flags: "wx", mode: (mode ?? 0o644) & 0o755 }));
        continue;
      } else throw refused(image, `has a ${type} called "${name}", which the local platform does not make`);
      entry.resume();
    }
  })();
  const results = await Promise.allSettled([reading, feeding]);
  for (const result of results) if (result.status === "rejected") throw result.reason;
}

/** The layers that modelgate added, which say so. The base's stay packed: this machine's Node takes the place of theirs. */
function ownLayers(layers: readonly Descriptor[]): readonly Descriptor[] {
  const own = layers.filter((layer) => layer.annotations?.["dev.modelgate.layer"] !== undefined);
  return own.length > 0 ? own : layers;
}

/**
 * Unpacks an image's own layers into a folder that is not there yet, whole or not at all. Each layer is checked against its
 * digest as it is read. Only files and folders are made: our layers have nothing else.
 */
export async function unpackImage(store: OciStore, image: Image, root: string, signal: AbortSignal): Promise<void> {
  const manifest = await store.manifest(image.digest, signal);
  if (!manifest)
    throw new WorldError(
      {
        code: "release.not-found",
        message: `${image.repository} has no image ${image.digest}`,
        hint: "Package the model again.",
      },
      { side: `registry of ${image.repository}`, during: "unpacking the image", retryable: false },
    );
  const temporary = `${root}.part-${process.pid}`;
  await rm(temporary, { recursive: true, force: true });
  await mkdir(temporary, { recursive: true });
  try {
    for (const layer of ownLayers(readManifest(manifest, store.repository).layers ?? []))
      await unpackLayer(store, layer, temporary, { image, signal });
    await rename(temporary, root);
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

/** How the image says it is started: its entrypoint and environment. */
export async function startOf(
  store: OciStore,
  image: Image,
  signal: AbortSignal,
): Promise<{ entrypoint: readonly string[]; env: Record<string, string> }> {
  const manifest = await store.manifest(image.digest, signal);
  const descriptor = manifest && readManifest(manifest, store.repository).config;
  if (!descriptor) throw refused(image, "has no config");
  const { config } = JSON.parse(
    Buffer.from(await wholeBlob(store, descriptor, 4 * 2 ** 20, signal)).toString("utf8"),
  ) as { config?: { Env?: string[]; Entrypoint?: string[] } };
  if (!config?.Entrypoint?.length) throw refused(image, "does not say how it is started");
  return {
    entrypoint: config.Entrypoint,
    env: Object.fromEntries(
      (config.Env ?? []).map((entry) => [entry.slice(0, entry.indexOf("=")), entry.slice(entry.indexOf("=") + 1)]),
    ),
  };
}
