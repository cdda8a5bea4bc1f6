import { canonicalJson, type Json } from "../../domain/canonical.ts";
import { sha256 } from "../../domain/digest.ts";
import { contentType, type Evidence, stated } from "../../domain/evidence.ts";
import { formatImage } from "../../domain/image.ts";
import { UserError } from "../../domain/problem.ts";
import type { EvidenceStore, StoredEvidence } from "../../ports/evidence-store.ts";
import type { SignatureVerifier, Signer } from "../../ports/signer.ts";
import type { Descriptor, OciStore, OpenStore } from "../oci/store.ts";
import { bundle, mayState, plain, putContent, putStatement, statementLimit } from "./statement/artifact.ts";
import { contentLimit, readEvidence, unreadable } from "./statement/read.ts";

export interface EvidenceOptions {
  openStore: OpenStore;
  /** Null: nothing is signed, and statements count as they are. */
  signer: Signer | null;
  /** Null: no signature is looked at. */
  verifier: SignatureVerifier | null;
}

const newestFirst = (a: StoredEvidence, b: StoredEvidence): number =>
  Date.parse(b.at) - Date.parse(a.at) || (a.digest < b.digest ? -1 : 1);

const worth = { verified: 2, unsigned: 1, refused: 0 } as const;

/** Each statement once, as well signed as it was found. Who signs the same statement twice states it once. */
function onlyOnce(found: readonly StoredEvidence[]): StoredEvidence[] {
  const kept = new Map<string, StoredEvidence>();
  for (const stored of found) {
    const other = kept.get(stored.digest);
    if (!other || worth[stored.signature.status] > worth[other.signature.status]) kept.set(stored.digest, stored);
  }
  return [...kept.values()];
}

/**
 * Evidence as in-toto statements in OCI artifacts that refer to the image
 * (https://github.com/opencontainers/distribution-spec/blob/v1.1.0/spec.md#listing-referrers): signed, as the Sigstore bundles
 * that cosign writes and finds; else as they are. A statement that counts and is damaged makes the whole list unreadable: to
 * leave it out could hide a `fail`. One that does not count is listed as refused, whatever is wrong with it.
 */
export function createEvidenceStore({ openStore, signer, verifier }: EvidenceOptions): EvidenceStore {
  return {
    async attach(evidence, signal) {
      const { image, kind, at } = evidence;
      const store = openStore(image.repository);
      const { bytes, content } = bytesOf(evidence);
      const attached = { kind, at, subject: await subjectOf(store, evidence, signal) };
      const mediaType = contentType(kind);
      if (content && mediaType) await putContent(store, mediaType, content, attached, signal);
      if (signer) await putStatement(store, bundle, await signer.sign(bytes, signal), attached, signal);
      else await putStatement(store, plain, bytes, attached, signal);
      return sha256(bytes);
    },
    async list(image, kind, signal) {
      const store = openStore(image.repository);
      const reading = { store, image, kind, verifier, unsignedCounts: signer === null };
      const found: (StoredEvidence | null)[] = [];
      for (const entry of await store.referrers(image.digest, null, signal))
        if (mayState(entry, kind)) found.push(await readEvidence(reading, entry, signal));
      return onlyOnce(found.filter((stored) => stored !== null)).toSorted(newestFirst);
    },
  };
}

/** @throws UserError when it could not be read again for its size. */
function bytesOf(evidence: Evidence): { bytes: Uint8Array; content: Uint8Array | null } {
  const { statement, content } = stated(evidence);
  const bytes = new TextEncoder().encode(canonicalJson(statement as unknown as Json));
  const tooLarge = (size: number, limit: number): UserError =>
    unreadable(sha256(bytes), evidence.image, `it has ${size} bytes, more than ${limit}`);
  if (bytes.length > statementLimit) throw tooLarge(bytes.length, statementLimit);
  if (content && content.length > contentLimit) throw tooLarge(content.length, contentLimit);
  return { bytes, content };
}

async function subjectOf(store: OciStore, { image, kind }: Evidence, signal: AbortSignal): Promise<Descriptor> {
  const manifest = await store.manifest(image.digest, signal);
  if (manifest) return { mediaType: manifest.mediaType, digest: image.digest, size: manifest.bytes.length };
  const message = `${kind} evidence has nothing to refer to: the registry has no ${formatImage(image)}`;
  throw new UserError([
    { code: "release.not-found", message, hint: "Package the model first, or check the repository's name." },
  ]);
}
