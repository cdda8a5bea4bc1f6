import { createReadStream } from "node:fs";
import { mkdir, open, readFile, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { type Digest, hasher, hex, isDigest } from "../../domain/digest.ts";
import { withLock, writeWhole } from "../system/files.ts";
import {
  checkedBytes,
  checkedManifest,
  type ManifestBody,
  manifestLimit,
  mediaTypes,
  readManifest,
  referrerDescriptor,
  referrersTag,
  withReferrer,
} from "./content.ts";
import type { BlobSource, Descriptor, OciStore, PushedBlob } from "./store.ts";

const refName = "org.opencontainers.image.ref.name";

const missing = (error: unknown): boolean => error instanceof Error && "code" in error && error.code === "ENOENT";

/**
 * A repository in an OCI image layout folder (image-spec v1.1 image-layout.md): the embedded registry. Blobs and
 * index.json are written whole or not at all; index.json changes under a lock, so that processes do not lose entries.
 * Referrers follow the distribution specification's tag schema.
 */
export function layoutStore(repository: string, folder: string): OciStore {
  const blobPath = (digest: Digest) => join(folder, "blobs/sha256", hex(digest));

  async function readIndex(): Promise<Descriptor[]> {
    try {
      return (JSON.parse(await readFile(join(folder, "index.json"), "utf8")) as { manifests: Descriptor[] }).manifests;
    } catch (error) {
      if (missing(error)) return [];
      throw error;
    }
  }

  async function prepare(): Promise<void> {
    await mkdir(join(folder, "blobs/sha256"), { recursive: true });
    await writeWhole(join(folder, "oci-layout"), '{"imageLayoutVersion":"1.0.0"}');
  }

  async function has(digest: Digest): Promise<boolean> {
    return stat(blobPath(digest)).then(
      () => true,
      (error: unknown) => {
        if (missing(error)) return false;
        throw error;
      },
    );
  }

  async function manifest(reference: string) {
    const entry = isDigest(reference)
      ? { digest: reference, mediaType: undefined }
      : (await readIndex()).find((known) => known.annotations?.[refName] === reference);
    if (!entry || !(await has(entry.digest))) return null;
    if ((await stat(blobPath(entry.digest))).size > manifestLimit) return null;
    const stored = checkedManifest(
      entry.digest,
      entry.mediaType ?? "",
      await readFile(blobPath(entry.digest)),
      repository,
    );
    return {
      ...stored,
      mediaType: entry.mediaType ?? readManifest(stored, repository).mediaType ?? mediaTypes.manifest,
    };
  }

  /** Streams to a temporary file while hashing; the name is the digest, so it is known at the end. */
  async function writeBlob(source: BlobSource, signal: AbortSignal): Promise<PushedBlob> {
    await prepare();
    const temporary = join(folder, "blobs", `.${process.pid}-${Math.random().toString(36).slice(2)}`);
    const hash = hasher();
    let size = 0;
    const file = await open(temporary, "wx");
    try {
      for await (const chunk of source.open(signal)) {
        hash.update(chunk);
        size += chunk.length;
        await file.write(chunk);
      }
      await file.sync();
      await file.close();
      const digest = hash.digest();
      if (source.digest !== null && source.digest !== digest)
        throw new RangeError(`a blob declared as ${source.digest} has bytes of ${digest}`);
      await rename(temporary, blobPath(digest));
      return { digest, size, sent: size };
    } finally {
      await file.close().catch(() => undefined);
      await rm(temporary, { force: true });
    }
  }

  async function tag(name: string | null, descriptor: Descriptor): Promise<void> {
    await withLock(join(folder, "index.json.lock"), async () => {
      const others = (await readIndex()).filter(
        (known) =>
          (name === null || known.annotations?.[refName] !== name) &&
          !(known.digest === descriptor.digest && known.annotations?.[refName] === (name ?? undefined)),
      );
      const entry = name === null ? descriptor : { ...descriptor, annotations: { [refName]: name } };
      await writeWhole(
        join(folder, "index.json"),
        JSON.stringify({ schemaVersion: 2, mediaType: mediaTypes.index, manifests: [...others, entry] }),
      );
    });
  }

  async function putBytes(bytes: Uint8Array, signal: AbortSignal): Promise<Digest> {
    const { digest } = await writeBlob(
      {
        digest: null,
        size: bytes.length,
        async *open() {
          yield bytes;
        },
      },
      signal,
    );
    return digest;
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
    has: (digest) => has(digest),
    blob: (digest, signal) =>
      checkedBytes(
        createReadStream(blobPath(digest), { highWaterMark: 2 ** 20, signal }),
        digest,
        repository,
        hasher(),
      ),
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
    async referrers(subject, artifactType) {
      const index = await manifest(referrersTag(subject));
      const entries = index ? (readManifest(index, repository).manifests ?? []) : [];
      return entries.filter((entry) => artifactType === null || entry.artifactType === artifactType);
    },
  };
}
