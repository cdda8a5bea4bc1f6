import type { Json } from "../../../domain/canonical.ts";
import { type Digest, sha256 } from "../../../domain/digest.ts";
import type { Content, EvidenceKind } from "../../../domain/evidence.ts";
import { formatImage, type Image } from "../../../domain/image.ts";
import { type Problem, type ProblemCode, UserError } from "../../../domain/problem.ts";
import type { Signature } from "../../../domain/signature.ts";
import type { StoredEvidence } from "../../../ports/evidence-store.ts";
import type { SignatureVerifier } from "../../../ports/signer.ts";
import { wholeBlob } from "../../oci/content.ts";
import type { Descriptor, OciStore } from "../../oci/store.ts";
import { bundle, layerOf } from "./artifact.ts";
import { type Parsed, parseJson, parseStatement } from "./parse.ts";

/** The most bytes of a body beside its statement. An evaluation holds the answers to every row. */
export const contentLimit = 128 * 2 ** 20;

/** What statements are read for, and how. */
export interface Reading {
  store: OciStore;
  image: Image;
  kind: EvidenceKind;
  verifier: SignatureVerifier | null;
  /** Whether statements count without a signature. Then damage to one must not pass in silence: it could hide a `fail`. */
  unsignedCounts: boolean;
}

/** A problem that stops everything: evidence that counts cannot be read. */
export const unreadable = (what: Digest, image: Image, why: string): UserError =>
  new UserError([
    {
      code: "release.unreadable",
      message: `the evidence ${what} about ${formatImage(image)} cannot be read: ${why}`,
      hint: "Nothing is decided while evidence is unreadable. Find out who wrote it, and remove it from the registry or judge a new release.",
    },
  ]);

const refused = (code: ProblemCode, message: string): Signature => {
  const hint = "Do not use it. Find out who can write to the registry, and judge the release again.";
  const problem: Problem = { code, message, hint };
  return { status: "refused", problem };
};

/** A statement as it was found. Its bytes are null where there is none. */
interface Found {
  statement: Uint8Array | null;
  signature: Signature;
}

async function find({ verifier }: Reading, entry: Descriptor, layer: Uint8Array, signal: AbortSignal): Promise<Found> {
  if (entry.artifactType !== bundle) return { statement: layer, signature: { status: "unsigned" } };
  if (verifier) return verifier.verify(layer, signal);
  return { statement: payloadOf(layer), signature: { status: "unsigned" } };
}

/** What a bundle holds, where nobody asks who signed it. */
function payloadOf(layer: Uint8Array): Uint8Array {
  const { dsseEnvelope } = parseJson(layer) as { dsseEnvelope?: { payload?: unknown } };
  if (typeof dsseEnvelope?.payload !== "string") throw new RangeError("it is no bundle with a statement");
  return new Uint8Array(Buffer.from(dsseEnvelope.payload, "base64"));
}

/**
 * Reads what an artifact states about an image; null when it states something that is not of the kind asked for. What does not
 * count is given back as refused, so that it hides nothing else.
 * @throws UserError `release.unreadable` when a statement that counts is damaged.
 */
export async function readEvidence(
  reading: Reading,
  entry: Descriptor,
  signal: AbortSignal,
): Promise<StoredEvidence | null> {
  const { store, image, kind } = reading;
  let found: Found = { statement: null, signature: { status: "unsigned" } };
  try {
    found = await find(reading, entry, await layerOf(store, entry, image, signal), signal);
    if (found.statement === null) return unparsed(entry, kind, found);
    const parsed = parseStatement(found.statement, kind);
    if (parsed === null) return null;
    if (parsed.subject !== image.digest) return foreign(reading, entry, { ...found, parsed });
    return await whole(reading, { ...found, parsed }, signal);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return damaged(reading, entry, found, error.message);
  }
}

const counts = ({ unsignedCounts }: Reading, { status }: Signature): boolean =>
  status === "verified" || (status === "unsigned" && unsignedCounts);

const evidenceOf = (
  kind: EvidenceKind,
  { statement, signature, parsed }: Found & { parsed: Parsed },
  body: Json,
): StoredEvidence => {
  const { modelDigest, at, by } = parsed;
  return { digest: sha256(statement ?? ""), kind, modelDigest, at, by, body, signature };
};

/** A statement of which nothing can be said but that it is there. */
const unparsed = ({ digest, annotations }: Descriptor, kind: EvidenceKind, found: Found): StoredEvidence => ({
  digest: found.statement ? sha256(found.statement) : digest,
  kind,
  modelDigest: digest,
  at: dateOf(annotations?.["org.opencontainers.image.created"]),
  by: { actor: "unknown", commit: null, run: null },
  body: null,
  signature: found.signature,
});

/** A date that anybody may have written, as ISO 8601; the beginning of time when it is none. */
function dateOf(text: string | undefined): string {
  const time = Date.parse(text ?? "");
  return new Date(Number.isNaN(time) ? 0 : time).toISOString();
}

function damaged(reading: Reading, entry: Descriptor, found: Found, why: string): StoredEvidence {
  if (counts(reading, found.signature)) throw unreadable(entry.digest, reading.image, why);
  const { signature } = found;
  return unparsed(entry, reading.kind, {
    ...found,
    signature: signature.status === "refused" ? signature : refused("evidence.altered", `it cannot be read: ${why}`),
  });
}

/** A statement about another image: sound where it was made, and worth nothing here. */
function foreign(reading: Reading, entry: Descriptor, found: Found & { parsed: Parsed }): StoredEvidence {
  const why = `its statement is about ${found.parsed.subject}`;
  if (found.signature.status === "unsigned" && reading.unsignedCounts)
    throw unreadable(entry.digest, reading.image, why);
  const signature = found.signature.status === "refused" ? found.signature : refused("evidence.subject", why);
  return evidenceOf(reading.kind, { ...found, signature }, "body" in found.parsed.held ? found.parsed.held.body : null);
}

/** A statement with its body. A body that lies beside it is read only for a statement that counts. */
async function whole(
  reading: Reading,
  found: Found & { parsed: Parsed },
  signal: AbortSignal,
): Promise<StoredEvidence> {
  const { held } = found.parsed;
  if ("body" in held) return evidenceOf(reading.kind, found, held.body);
  if (!counts(reading, found.signature)) return evidenceOf(reading.kind, found, null);
  try {
    return evidenceOf(reading.kind, found, await bodyOf(reading.store, held.content, signal));
  } catch (error) {
    if (!(error instanceof RangeError) || found.signature.status !== "verified") throw error;
    return evidenceOf(reading.kind, { ...found, signature: refused("evidence.altered", error.message) }, null);
  }
}

/** @throws RangeError when there is no body of this digest and size; WorldError when the store gives other bytes. */
async function bodyOf(store: OciStore, { digest, size }: Content, signal: AbortSignal): Promise<Json> {
  if (size > contentLimit) throw new RangeError(`its content claims ${size} bytes, more than ${contentLimit}`);
  if (!(await store.has(digest, signal))) throw new RangeError(`its content ${digest} is not there`);
  const bytes = await wholeBlob(store, { digest, size }, contentLimit, signal);
  if (bytes.length !== size) throw new RangeError(`its content has ${bytes.length} bytes, not ${size}`);
  return parseJson(bytes);
}
