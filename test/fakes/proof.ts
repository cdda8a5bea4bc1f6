import type { Json } from "../../src/domain/canonical.ts";
import type { Evidence, EvidenceKind } from "../../src/domain/evidence.ts";
import { provenanceOf } from "../../src/domain/provenance.ts";
import type { Release } from "../../src/domain/release.ts";
import type { Signature } from "../../src/domain/signature.ts";
import type { EvidenceStore, StoredEvidence } from "../../src/ports/evidence-store.ts";
import { terminalOrigin } from "./origin.ts";

const at = "2026-11-23T10:30:00.000Z";
const by = { actor: "ada", commit: null, run: null };

const bodies = {
  validation: () => ({ schema: 1 }),
  evaluation: () => ({ schema: 1 }),
  smoke: () => ({ passed: true, steps: [{ id: "S1", level: "required", ok: true, detail: "reached" }] }),
  provenance: (release: Release): Json =>
    provenanceOf({
      release,
      base: null,
      runtime: "onnx",
      configPath: "modelgate.yml",
      modelPath: "models/digits.onnx",
      version: "0.1.0",
      source: terminalOrigin,
      startedAt: at,
      finishedAt: at,
    }),
} as const satisfies Partial<Record<EvidenceKind, (release: Release) => Json>>;

/** A statement that a verdict rests on, about a release that is well. */
export const proofOf = (release: Release, kind: keyof typeof bodies, fields: Partial<Evidence> = {}): Evidence => ({
  kind,
  image: release.image,
  modelDigest: release.model.digest,
  at,
  by,
  body: bodies[kind](release),
  ...fields,
});

/** A store whose statements are signed as a test says. */
export const withSignatures = (
  store: EvidenceStore,
  signatureOf: (stored: StoredEvidence) => Signature,
): EvidenceStore => ({
  attach: (evidence, signal) => store.attach(evidence, signal),
  list: async (image, kind, signal) =>
    (await store.list(image, kind, signal)).map((stored) => ({ ...stored, signature: signatureOf(stored) })),
});
