import type { Json } from "./canonical.ts";
import type { Digest } from "./digest.ts";
import type { Image } from "./image.ts";

/** What can be proved about an image; each has a page in docs/reference/evidence.md and a predicate type. */
export const evidenceKinds = ["validation", "smoke", "evaluation", "verdict"] as const;
export type EvidenceKind = (typeof evidenceKinds)[number];

export const predicateType = (kind: EvidenceKind): string => `https://modelgate.dev/${kind}/v1`;

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

/** The in-toto statement of an evidence. Its predicate is `{modelDigest, at, by, body}`. */
export const toStatement = (evidence: Evidence): Statement => ({
  _type: "https://in-toto.io/Statement/v1",
  subject: [{ name: evidence.image.repository, digest: { sha256: evidence.image.digest.slice("sha256:".length) } }],
  predicateType: predicateType(evidence.kind),
  predicate: { modelDigest: evidence.modelDigest, at: evidence.at, by: evidence.by, body: evidence.body },
});
