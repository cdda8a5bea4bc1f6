import type { Json } from "../domain/canonical.ts";
import type { Digest } from "../domain/digest.ts";
import type { Evidence, EvidenceKind } from "../domain/evidence.ts";
import type { Image } from "../domain/image.ts";
import type { Signature } from "../domain/signature.ts";

/** A statement as read back. Everything in it is a claim until it is checked. */
export interface StoredEvidence {
  /** Digest of the statement's bytes. */
  digest: Digest;
  kind: EvidenceKind;
  modelDigest: Digest;
  at: string;
  by: Evidence["by"];
  body: Json;
  /** Whether it is signed by somebody who is trusted. Only such a statement may allow anything. */
  signature: Signature;
}

/** Evidence attached to image digests: in-toto statements as OCI referrers. */
export interface EvidenceStore {
  /** Attaches a statement; the same statement twice is once. @returns the digest of the statement. */
  attach(evidence: Evidence, signal: AbortSignal): Promise<Digest>;
  /** All statements of a kind about exactly this image digest, newest first. */
  list(image: Image, kind: EvidenceKind, signal: AbortSignal): Promise<readonly StoredEvidence[]>;
}
