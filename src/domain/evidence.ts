import type { Json } from "./canonical.ts";
import type { Digest } from "./digest.ts";
import type { Image } from "./image.ts";

/** What can be proved about an image; each has a page in docs/reference/evidence.md and a predicate type. */
export const evidenceKinds = ["validation", "smoke", "evaluation", "verdict", "provenance", "bom"] as const;
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

/** The in-toto statement of an evidence. Its predicate is `{modelDigest, at, by, body}`; a published one is the body alone. */
export const toStatement = (evidence: Evidence): Statement => ({
  _type: "https://in-toto.io/Statement/v1",
  subject: [{ name: evidence.image.repository, digest: { sha256: evidence.image.digest.slice("sha256:".length) } }],
  predicateType: predicateType(evidence.kind),
  predicate: isPublished(evidence.kind) ? evidence.body : ourPredicate(evidence),
});

const ourPredicate = ({ modelDigest, at, by: { actor, commit, run }, body }: Evidence): Json => ({
  modelDigest,
  at,
  by: { actor, commit, run },
  body,
});
