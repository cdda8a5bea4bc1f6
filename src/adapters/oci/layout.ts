import { randomUUID } from "node:crypto";
import { type FileHandle, mkdir, open, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { type Digest, hasher, hex, isDigest } from "../../domain/digest.ts";
import { WorldError } from "../../domain/problem.ts";
import { withLock, writeWhole } from "../system/files.ts";
import {
  bytesSource,
  checkedBytes,
  checkedManifest,
  type ManifestBody,
  manifestLimit,
  measured,
  mediaTypes,
  readManifest,
  referrerDescriptor,
  referrersTag,
  withReferrer,
} from "./content.ts";
import type { BlobSource, Descriptor, OciStore, PushedBlob } from "./store.ts";

const refName = "org.opencontainers.image.ref.name";
/** A temporary file that nobody wrote to for this long was left by a writer that was killed. */
const abandonedMilliseconds = 60 * 60_000;
const readBytes = 2 ** 20;

const missing = (error: unknown): boolean => error instanceof Error && "code" in error && error.code === "ENOENT";
const orNull = (error: unknown): null => {
  if (missing(error)) return null;
  throw error;
};

/** What index.json lists: all of it, and what has a name. */
interface LayoutIndex {
  manifests: readonly Descriptor[];
  tagged: ReadonlyMap<string, Descriptor>;
}

const indexOf = (manifests: readonly Descriptor[]): LayoutIndex => {
  const named = manifests.flatMap((entry): [string, Descriptor][] => {
    const name = entry.annotations?.[refName];
    return name === undefined ? [] : [[name, entry]];
  });
  // Of two with the same name the first one counts, as it always did.
  return { manifests, tagged: new Map(named.toReversed()) };
};

/** Removes what killed writers left in a folder: a model's worth of disk each. */
async function removeAbandoned(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    const found = name.endsWith(".part") ? await stat(path).catch(orNull) : null;
    if (found && Date.now() - found.mtimeMs > abandonedMilliseconds) await rm(path, { force: true });
  }
}

async function* readChunks(file: FileHandle, signal: AbortSignal): AsyncIterable<Uint8Array> {
  const buffer = Buffer.allocUnsafe(readBytes);
  for (;;) {
    signal.throwIfAborted();
    const { bytesRead } = await file.read(buffer, 0, readBytes, null);
    if (bytesRead === 0) return;
    yield buffer.subarray(0, bytesRead);
  }
}

/**
 * A repository in an OCI image layout folder (image-spec v1.1 image-layout.md): the embedded registry. Blobs and
 * index.json are written whole or not at all; index.json changes under a lock, so that processes do not lose entries.
 * Referrers follow the distribution specification's tag schema.
 */
export function layoutStore(repository: string, folder: string): OciStore {
  const blobs = join(folder, "blobs/sha256");
  const blobPath = (digest: Digest) => join(blobs, hex(digest));

  const failed = (code: "registry.digest" | "registry.refused", message: string, during: string, cause?: unknown) =>
    new WorldError(
      { code, message, hint: `Package the model again; if that does not help, remove the folder ${folder}.` },
      { side: `embedded registry ${folder}`, during, retryable: false, cause },
    );

  /** The index as it was read last. It is replaced by a rename, never written in place: another file is another index. */
  let known: { file: string; index: LayoutIndex } | null = null;

  async function readIndex(): Promise<LayoutIndex> {
    const path = join(folder, "index.json");
    const found = await stat(path, { bigint: true }).catch(orNull);
    if (!found) return indexOf([]);
    const file = [found.ino, found.size, found.mtimeNs, found.ctimeNs].join();
    if (known?.file !== file) known = { file, index: await parseIndex(path) };
    return known.index;
  }

  async function parseIndex(path: string): Promise<LayoutIndex> {
    try {
      const { manifests } = JSON.parse(await readFile(path, "utf8")) as { manifests?: Descriptor[] };
      if (Array.isArray(manifests)) return indexOf(manifests);
    } catch (cause) {
      throw failed("registry.digest", `${path} is not JSON`, "reading the embedded registry", cause);
    }
    throw failed("registry.digest", `${path} is not an image index`, "reading the embedded registry");
  }

  async function prepare(): Promise<void> {
    await mkdir(blobs, { recursive: true });
    await removeAbandoned(join(folder, "blobs"));
    const mark = join(folder, "oci-layout");
    if (!(await stat(mark).catch(orNull))) await writeWhole(mark, '{"imageLayoutVersion":"1.0.0"}');
  }

  const has = async (digest: Digest): Promise<boolean> => (await stat(blobPath(digest)).catch(orNull)) !== null;

  async function manifest(reference: string) {
    const entry = isDigest(reference)
      ? { digest: reference, mediaType: undefined }
      : (await readIndex()).tagged.get(reference);
    const found = entry && isDigest(entry.digest) ? await stat(blobPath(entry.digest)).catch(orNull) : null;
    if (!entry || !found || found.size > manifestLimit) return null;
    const bytes = await readFile(blobPath(entry.digest));
    const stored = checkedManifest(entry.digest, entry.mediaType ?? "", bytes, repository);
    return {
      ...stored,
      mediaType: entry.mediaType ?? readManifest(stored, repository).mediaType ?? mediaTypes.manifest,
    };
  }

  async function* blob(digest: Digest, signal: AbortSignal): AsyncIterable<Uint8Array> {
    const file = await open(blobPath(digest), "r").catch(orNull);
    if (!file) throw failed("registry.refused", `${repository} has no blob ${digest}`, "reading a blob");
    try {
      yield* checkedBytes(readChunks(file, signal), digest, repository, hasher());
    } finally {
      await file.close();
    }
  }

  /** Streams to a temporary file while hashing; the name is the digest, so it is known at the end. */
  async function writeBlob(source: BlobSource, signal: AbortSignal): Promise<PushedBlob> {
    await prepare();
    const temporary = join(folder, "blobs", `.${randomUUID()}.part`);
    const reading = measured(source, { what: repository, verify: true });
    const file = await open(temporary, "wx");
    try {
      try {
        for await (const chunk of reading.open(signal)) await file.writeFile(chunk);
        await file.sync();
      } finally {
        await file.close();
      }
      const digest = reading.digest();
      await rename(temporary, blobPath(digest));
      return { digest, size: source.size, sent: source.size };
    } finally {
      await rm(temporary, { force: true });
    }
  }

  async function tag(name: string | null, descriptor: Descriptor): Promise<void> {
    await withLock(join(folder, "index.json.lock"), async () => {
      const others = (await readIndex()).manifests.filter(
        (other) =>
          (name === null || other.annotations?.[refName] !== name) &&
          !(other.digest === descriptor.digest && other.annotations?.[refName] === (name ?? undefined)),
      );
      const entry = name === null ? descriptor : { ...descriptor, annotations: { [refName]: name } };
      await writeWhole(
        join(folder, "index.json"),
        JSON.stringify({ schemaVersion: 2, mediaType: mediaTypes.index, manifests: [...others, entry] }),
      );
    });
  }

  async function putBytes(bytes: Uint8Array, signal: AbortSignal): Promise<Digest> {
    const source = bytesSource(bytes);
    return (await has(source.digest)) ? source.digest : (await writeBlob(source, signal)).digest;
  }

  async function addReferrer(subject: Digest, entry: Descriptor, signal: AbortSignal): Promise<void> {
    await withLock(join(folder, `referrers-${hex(subject)}.lock`), async () => {
      const current = await manifest(referrersTag(subject));
      const bytes = withReferrer(current && readManifest(current, repository), entry);
      if (!bytes) return;
      const digest = await putBytes(bytes, signal);
      await tag(referrersTag(subject), { mediaType: mediaTypes.index, digest, size: bytes.length });
    });
  }

  return {
    repository,
    manifest,
    has,
    blob,
    async pushBlob(source, _mountFrom, signal) {
      if (source.digest !== null && (await has(source.digest)))
        return { digest: source.digest, size: source.size, sent: 0 };
      return writeBlob(source, signal);
    },
    async putManifest({ mediaType, bytes, tag: name }, signal) {
      const digest = await putBytes(bytes, signal);
      const stored = { digest, mediaType, bytes };
      const body: ManifestBody = readManifest(stored, repository);
      await tag(name ?? null, { mediaType, digest, size: bytes.length });
      if (body.subject) await addReferrer(body.subject.digest, referrerDescriptor(stored, body), signal);
      return digest;
    },
    tags: async (prefix) => [...(await readIndex()).tagged.keys()].filter((name) => name.startsWith(prefix)).toSorted(),
    async referrers(subject, artifactType) {
      const index = await manifest(referrersTag(subject));
      const entries = index ? (readManifest(index, repository).manifests ?? []) : [];
      return entries.filter((entry) => artifactType === null || entry.artifactType === artifactType);
    },
  };
}
