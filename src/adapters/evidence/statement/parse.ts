import { z } from "zod";
import type { Json } from "../../../domain/canonical.ts";
import { type Digest, isDigest, parseDigest } from "../../../domain/digest.ts";
import { type Content, contentType, type EvidenceKind, isPublished, predicateType } from "../../../domain/evidence.ts";
import { publishedClaims } from "../../../domain/predicates.ts";
import type { StoredEvidence } from "../../../ports/evidence-store.ts";

/** What a statement says, before its signature is looked at. */
export interface Parsed extends Pick<StoredEvidence, "modelDigest" | "at" | "by"> {
  /** The image it is about. */
  subject: Digest;
  /** The body, or where it lies. */
  held: { body: Json } | { content: Content };
}

const digest = z.custom<Digest>((value) => typeof value === "string" && isDigest(value), "is not a sha256 digest");
const json = z.custom<Json>((value) => value !== undefined, "is missing");
const anyStatement = z.object({ predicateType: z.string(), predicate: json });
const claims = {
  modelDigest: digest,
  at: z.iso.datetime(),
  by: z.strictObject({ actor: z.string(), commit: z.string().nullable(), run: z.string().nullable() }),
};
const contentOf = (mediaType: string) =>
  z.strictObject({ digest, size: z.int().nonnegative(), mediaType: z.literal(mediaType) });

/** The predicate of a kind, as we write it. */
function predicateOf(kind: EvidenceKind) {
  const mediaType = contentType(kind);
  return mediaType === null
    ? z.strictObject({ ...claims, body: json })
    : z.strictObject({ ...claims, content: contentOf(mediaType) });
}

const statementOf = (kind: EvidenceKind) =>
  z.strictObject({
    _type: z.literal("https://in-toto.io/Statement/v1"),
    subject: z.tuple([
      z.strictObject({ name: z.string(), digest: z.strictObject({ sha256: z.string().regex(/^[0-9a-f]{64}$/) }) }),
    ]),
    predicateType: z.string(),
    predicate: predicateOf(kind),
  });

/** A statement of ours, its predicate in our envelope: of a published kind made from what the predicate itself says. Null: of another tool. */
function inEnvelope(kind: EvidenceKind, found: unknown): unknown {
  const any = anyStatement.safeParse(found);
  if (!any.success) return found;
  const { predicateType: type, predicate: body } = any.data;
  if (type !== predicateType(kind)) return null;
  if (!isPublished(kind)) return found;
  const made = publishedClaims(kind, body);
  return made && { ...(found as object), predicate: { ...made, body } };
}

/** Reads JSON. @throws RangeError when it is none. */
export function parseJson(bytes: Uint8Array): Json {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes)) as Json;
  } catch (cause) {
    throw new RangeError("it is not JSON", { cause });
  }
}

/**
 * Reads a statement of a kind. @returns null for a statement of another kind or tool.
 * @throws RangeError that says what is wrong with it.
 */
export function parseStatement(bytes: Uint8Array, kind: EvidenceKind): Parsed | null {
  const enveloped = inEnvelope(kind, parseJson(bytes));
  if (enveloped === null) return null;
  const ours = statementOf(kind).safeParse(enveloped);
  if (!ours.success) {
    const [issue] = ours.error.issues;
    throw new RangeError(`${issue?.path.join(".") || "the statement"}: ${issue?.message}`);
  }
  const { subject, predicate } = ours.data;
  const { modelDigest, at, by, ...held } = predicate;
  return { modelDigest, at, by, held, subject: parseDigest(`sha256:${subject[0].digest.sha256}`) };
}
