import { checkedBytes, type ManifestBody, readManifest, referrerDescriptor } from "../../src/adapters/oci/content.ts";
import type { OciStore, StoredManifest } from "../../src/adapters/oci/store.ts";
import { type Digest, hasher, isDigest, sha256 } from "../../src/domain/digest.ts";

/** A repository in memory: content-addressed, and as strict as a registry about blobs that a manifest names. */
export interface MemoryStore extends OciStore {
  readonly blobs: Map<Digest, Uint8Array>;
  readonly manifests: Map<Digest, StoredManifest>;
  readonly tagged: Map<string, Digest>;
}

export function memoryStore(repository = "registry.example/acme/digits"): MemoryStore {
  const blobs = new Map<Digest, Uint8Array>();
  const manifests = new Map<Digest, StoredManifest>();
  const tagged = new Map<string, Digest>();
  const bodies = (): [StoredManifest, ManifestBody][] =>
    [...manifests.values()].map((stored) => [stored, readManifest(stored, repository)]);
  return {
    repository,
    blobs,
    manifests,
    tagged,
    async manifest(reference) {
      const digest = isDigest(reference) ? reference : tagged.get(reference);
      return (digest && manifests.get(digest)) ?? null;
    },
    has: async (digest) => blobs.has(digest),
    async *blob(digest) {
      const bytes = blobs.get(digest);
      if (!bytes) throw new Error(`no blob ${digest}`);
      const whole = (async function* () {
        yield bytes;
      })();
      yield* checkedBytes(whole, digest, repository, hasher());
    },
    async pushBlob(source, _mountFrom, signal) {
      const chunks: Uint8Array[] = [];
      for await (const chunk of source.open(signal)) chunks.push(chunk);
      const bytes = Buffer.concat(chunks);
      const digest = sha256(bytes);
      if (source.digest !== null && source.digest !== digest)
        throw new Error(`${source.digest} has bytes of ${digest}`);
      blobs.set(digest, bytes);
      return { digest, size: bytes.length, sent: bytes.length };
    },
    async putManifest({ mediaType, bytes, tag }) {
      const stored = { digest: sha256(bytes), mediaType, bytes };
      const { config, layers = [] } = readManifest(stored, repository);
      for (const { digest } of [...(config ? [config] : []), ...layers])
        if (!blobs.has(digest)) throw new Error(`the manifest names ${digest}, which is not there`);
      manifests.set(stored.digest, stored);
      if (tag !== undefined) tagged.set(tag, stored.digest);
      return stored.digest;
    },
    tags: async (prefix) => [...tagged.keys()].filter((tag) => tag.startsWith(prefix)).toSorted(),
    referrers: async (subject, artifactType) =>
      bodies()
        .filter(([, body]) => body.subject?.digest === subject)
        .map(([stored, body]) => referrerDescriptor(stored, body))
        .filter((entry) => artifactType === null || entry.artifactType === artifactType),
  };
}
