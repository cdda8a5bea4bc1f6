import { type Digest, hasher, sha256 } from "../../domain/digest.ts";
import { WorldError } from "../../domain/problem.ts";
import type { BlobSource, Descriptor, OciStore, StoredManifest } from "./store.ts";

/** Media types of the OCI image specification v1.1, and Docker's for what is read. */
export const mediaTypes = {
  manifest: "application/vnd.oci.image.manifest.v1+json",
  index: "application/vnd.oci.image.index.v1+json",
  config: "application/vnd.oci.image.config.v1+json",
  layer: "application/vnd.oci.image.layer.v1.tar",
  empty: "application/vnd.oci.empty.v1+json",
  dockerManifest: "application/vnd.docker.distribution.manifest.v2+json",
  dockerIndex: "application/vnd.docker.distribution.manifest.list.v2+json",
} as const;

/** The config of artifacts that have none: `{}`. */
export const emptyConfig = new TextEncoder().encode("{}");

/** What modelgate reads of a manifest or an index. */
export interface ManifestBody {
  mediaType?: string;
  artifactType?: string;
  config?: Descriptor;
  layers?: Descriptor[];
  manifests?: (Descriptor & { platform?: { os?: string; architecture?: string } })[];
  subject?: Descriptor;
  annotations?: Record<string, string>;
}

/** A manifest larger than this is refused, as registries do. */
export const manifestLimit = 4 * 2 ** 20;

const damaged = (side: string, what: string, cause?: unknown): WorldError =>
  new WorldError(
    {
      code: "registry.digest",
      message: `${what} in ${side}`,
      hint: "Do not use it. Package the model again, and find out who can write to this registry.",
    },
    { side, during: "checking what was read against its digest", retryable: false, cause },
  );

/** The parsed body of a manifest. @throws WorldError `registry.digest` when it is not JSON. */
export function readManifest(manifest: StoredManifest, side: string): ManifestBody {
  try {
    const body: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(manifest.bytes));
    if (typeof body === "object" && body !== null) return body;
  } catch (cause) {
    throw damaged(side, `the manifest ${manifest.digest} is not JSON`, cause);
  }
  throw damaged(side, `the manifest ${manifest.digest} is not a JSON object`);
}

/** Wraps a manifest's bytes; a digest that was asked for must be theirs. */
export function checkedManifest(asked: string, mediaType: string, bytes: Uint8Array, side: string): StoredManifest {
  const digest = sha256(bytes);
  if (asked.startsWith("sha256:") && asked !== digest)
    throw damaged(side, `the manifest ${asked} has bytes of ${digest}`);
  return { digest, mediaType, bytes };
}

/**
 * A source that is measured while it is read, and with `verify` hashed. `digest` is that of the last complete reading.
 * Reading it throws WorldError `registry.digest` when the bytes are not as many, or not those, that the source says.
 */
export function measured(
  source: BlobSource,
  { what, verify }: { what: string; verify: boolean },
): { open: BlobSource["open"]; digest(): Digest } {
  const { digest, size } = source;
  let found: Digest | null = null;
  const wrong = (why: string): WorldError =>
    new WorldError(
      {
        code: "registry.digest",
        message: `a blob on its way to ${what} ${why}`,
        hint: "It changed while it was read: let nothing write to what is packaged, and run again.",
      },
      { side: what, during: "sending a blob", retryable: false },
    );
  return {
    async *open(signal) {
      const hash = hasher();
      let seen = 0;
      for await (const chunk of source.open(signal)) {
        seen += chunk.length;
        if (seen > size) throw wrong(`has more than the ${size} bytes it was said to have`);
        if (verify) hash.update(chunk);
        yield chunk;
      }
      if (seen !== size) throw wrong(`has ${seen} bytes, not the ${size} it was said to have`);
      if (!verify) return;
      found = hash.digest();
      if (digest !== null && digest !== found) throw wrong(`said to be ${digest} has bytes of ${found}`);
    },
    digest: () => found!,
  };
}

/** Passes bytes through and throws at the end when they are not the digest's. */
export async function* checkedBytes(
  chunks: AsyncIterable<Uint8Array>,
  digest: Digest,
  side: string,
  hash: { update(bytes: Uint8Array): void; digest(): Digest },
): AsyncIterable<Uint8Array> {
  for await (const chunk of chunks) {
    hash.update(chunk);
    yield chunk;
  }
  const found = hash.digest();
  if (found !== digest) throw damaged(side, `the blob ${digest} has bytes of ${found}`);
}

/** A small blob as a whole. @throws WorldError when it is longer than `limit` bytes. */
export async function wholeBlob(
  store: OciStore,
  descriptor: { digest: Digest; size: number },
  limit: number,
  signal: AbortSignal,
): Promise<Uint8Array> {
  if (descriptor.size > limit)
    throw damaged(
      store.repository,
      `the blob ${descriptor.digest} claims ${descriptor.size} bytes, more than ${limit}`,
    );
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of store.blob(descriptor.digest, signal)) {
    size += chunk.length;
    if (size > limit) throw damaged(store.repository, `the blob ${descriptor.digest} is longer than ${limit} bytes`);
    chunks.push(Buffer.from(chunk));
  }
  return Buffer.concat(chunks);
}

/** A blob source over bytes in memory. */
export const bytesSource = (bytes: Uint8Array) => ({
  digest: sha256(bytes),
  size: bytes.length,
  async *open() {
    yield bytes;
  },
});

/** Tag under which a registry without the referrers API keeps the index of a subject's referrers. */
export const referrersTag = (subject: Digest): string => subject.replace(":", "-");

/** The referrers index with one more entry, or null when it is there already. */
export function withReferrer(index: ManifestBody | null, entry: Descriptor): Uint8Array | null {
  const manifests = index?.manifests ?? [];
  if (manifests.some((known) => known.digest === entry.digest)) return null;
  return new TextEncoder().encode(
    JSON.stringify({ schemaVersion: 2, mediaType: mediaTypes.index, manifests: [...manifests, entry] }),
  );
}

/** The descriptor under which a manifest with a subject is listed. */
export function referrerDescriptor(manifest: StoredManifest, body: ManifestBody): Descriptor {
  const artifactType = body.artifactType ?? body.config?.mediaType;
  return {
    mediaType: manifest.mediaType,
    digest: manifest.digest,
    size: manifest.bytes.length,
    ...(artifactType !== undefined && { artifactType }),
    ...(body.annotations && { annotations: body.annotations }),
  };
}
