import { bomClaims } from "./bom.ts";
import type { Json } from "./canonical.ts";
import type { Evidence, EvidenceKind } from "./evidence.ts";
import { provenanceClaims } from "./provenance.ts";

/** What a statement claims of itself, wherever its predicate says it. */
export type Claims = Pick<Evidence, "modelDigest" | "at" | "by">;

/**
 * What a published predicate claims where modelgate wrote it. Other tools state the same predicates about the same images.
 * @returns null for a predicate of another tool.
 */
export const publishedClaims = (kind: EvidenceKind, predicate: Json): Claims | null => {
  if (kind === "provenance") return provenanceClaims(predicate);
  return kind === "bom" ? bomClaims(predicate) : null;
};
