import { canonicalJson, type Json } from "./canonical.ts";
import { type Digest, hex, sha256 } from "./digest.ts";
import type { Image } from "./image.ts";

/** What can be proved about an image; each has a page in docs/reference/evidence.md and a predicate type. */
export const evidenceKinds = ["validation", "smoke", "shard", "evaluation", "verdict", "provenance", "bom"] as const;
export type EvidenceKind = (typeof evidenceKinds)[number];

/** Predicates that others defined. They are stated bare, as every tool that knows them reads them. */
const published: Partial<Record<EvidenceKind, string>> = {
  provenance: "https://slsa.dev/provenance/v1",
  bom: "https://cyclonedx.org/bom",
};

/** Whether a kind's predicate is one that others defined: it is the body itself, without our envelope. */
export const isPublished = (kind: EvidenceKind): boolean => published[kind] !== undefined;

export const predicateType = (kind: EvidenceKind): string => published[kind] ?? `https://modelgate.dev/${kind}/v1`;

/** An in-toto Statement v1 (https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md) about one image. */
export interface Statement {
  _type: "https://in-toto.io/Statement/v1";
  subject: readonly [{ name: string; digest: { sha256: string } }];
  predicateType: string;
  predicate: Json;
}

/** What is proved, before it becomes a statement. */
export interface Evidence {
  kind: EvidenceKind;
  image: Image;
  modelDigest: Digest;
  /** ISO 8601, UTC. */
  at: string;
  /** The account that ran it, and its commit and run where known. */
  by: { actor: string; commit: string | null; run: string | null };
  body: Json;
}

/** Bodies that are too large to be signed lie beside their statement, which states their digest. Kind → media type. */
const apart: Partial<Record<EvidenceKind, string>> = {
  shard: "application/vnd.modelgate.shard.v1+json",
  evaluation: "application/vnd.modelgate.evaluation.v1+json",
};

/** The media type of a kind's body where it lies beside the statement; null: the statement holds it. */
export const contentType = (kind: EvidenceKind): string | null => apart[kind] ?? null;

/** Names a body that lies beside its statement. */
export interface Content {
  digest: Digest;
  /** In bytes. */
  size: number;
  mediaType: string;
}

/**
 * The in-toto statement of an evidence, and the bytes of a body that lies beside it (canonical JSON), else null. Its predicate is
 * `{modelDigest, at, by, body}`, or `content` instead of `body`; a published one is the body alone.
 */
export function stated(evidence: Evidence): { statement: Statement; content: Uint8Array | null } {
  const { kind, body, image } = evidence;
  const mediaType = contentType(kind);
  const content = mediaType === null ? null : new TextEncoder().encode(canonicalJson(body));
  const held =
    content && mediaType ? { content: { digest: sha256(content), size: content.length, mediaType } } : { body };
  const statement: Statement = {
    _type: "https://in-toto.io/Statement/v1",
    subject: [{ name: image.repository, digest: { sha256: hex(image.digest) } }],
    predicateType: predicateType(kind),
    predicate: isPublished(kind) ? body : { ...claimsOf(evidence), ...held },
  };
  return { statement, content };
}

/** The in-toto statement of an evidence. */
export const toStatement = (evidence: Evidence): Statement => stated(evidence).statement;

const claimsOf = ({ modelDigest, at, by: { actor, commit, run } }: Evidence) => ({
  modelDigest,
  at,
  by: { actor, commit, run },
});
