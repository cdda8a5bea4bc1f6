import type { Digest } from "../../domain/digest.ts";

/** OCI image-spec v1.1 content descriptor. */
export interface Descriptor {
  mediaType: string;
  digest: Digest;
  size: number;
  annotations?: Record<string, string>;
  artifactType?: string;
  /** The content itself, in base64, for what is small. */
  data?: string;
}

/** Bytes on their way into a store. `digest` null: not known before they are read, so they are hashed while they are sent. */
export interface BlobSource {
  digest: Digest | null;
  size: number;
  /** May be called again when an upload has to start over. */
  open(signal: AbortSignal): AsyncIterable<Uint8Array>;
}

export interface PushedBlob {
  digest: Digest;
  size: number;
  /** Bytes that travelled; 0 when the store had the blob already or mounted it. */
  sent: number;
}

/** A manifest's exact bytes. The digest is computed from them, never taken from a header. */
export interface StoredManifest {
  digest: Digest;
  mediaType: string;
  bytes: Uint8Array;
}

/**
 * One repository of an OCI registry: over the distribution API or in an OCI image layout folder. All that is read is
 * checked against its digest.
 */
export interface OciStore {
  /** `host[:port]/path`. */
  readonly repository: string;
  /** By digest or tag; null when there is none. */
  manifest(reference: string, signal: AbortSignal): Promise<StoredManifest | null>;
  /** Whether the store has a blob, without reading it. */
  has(digest: Digest, signal: AbortSignal): Promise<boolean>;
  /** A blob's bytes in order. @throws WorldError `registry.digest` at the end when they are not the digest's. */
  blob(digest: Digest, signal: AbortSignal): AsyncIterable<Uint8Array>;
  /** Sends a blob that is not there yet; `mountFrom` names a repository of the same registry that may have it. */
  pushBlob(source: BlobSource, mountFrom: string | null, signal: AbortSignal): Promise<PushedBlob>;
  /** Puts a manifest by digest and, with a tag, under the tag too; keeps the referrers index when it has a subject. */
  putManifest(manifest: { mediaType: string; bytes: Uint8Array; tag?: string }, signal: AbortSignal): Promise<Digest>;
  /** All tags that begin with a text, sorted; none when there is no such repository. */
  tags(prefix: string, signal: AbortSignal): Promise<readonly string[]>;
  /** Manifests whose subject is the digest, by the referrers API or the tag schema. */
  referrers(subject: Digest, artifactType: string | null, signal: AbortSignal): Promise<readonly Descriptor[]>;
}

/** Opens a repository, choosing layout or registry by its host. */
export type OpenStore = (repository: string) => OciStore;
