import { expect, test } from "vitest";
import { createEvidenceStore } from "../../../src/adapters/evidence/index.ts";
import { bomOf } from "../../../src/domain/bom.ts";
import type { Json } from "../../../src/domain/canonical.ts";
import { type Evidence, toStatement } from "../../../src/domain/evidence.ts";
import { provenanceOf } from "../../../src/domain/provenance.ts";
import type { Release } from "../../../src/domain/release.ts";
import { putImage } from "../../fakes/image.ts";
import { memoryStore } from "../../fakes/oci-store.ts";
import { githubOrigin } from "../../fakes/origin.ts";
import { releaseOf } from "../../fakes/release.ts";

const { signal } = new AbortController();
const at = "2026-11-23T12:00:00.000Z";
const { actor, commit, run } = githubOrigin;

const predicates = {
  provenance: (release: Release) =>
    provenanceOf({
      release,
      base: null,
      runtime: "onnx",
      configPath: "modelgate.yml",
      modelPath: "models/digits.onnx",
      version: "0.1.0",
      source: githubOrigin,
      startedAt: at,
      finishedAt: at,
    }),
  bom: (release: Release) =>
    bomOf({ release, base: null, runtime: "onnx", task: null, version: "0.1.0", source: githubOrigin, at }),
};
const types = { provenance: "https://slsa.dev/provenance/v1", bom: "https://cyclonedx.org/bom" };
const kinds = ["provenance", "bom"] as const;

async function repository(kind: keyof typeof predicates) {
  const oci = memoryStore();
  const release = { ...releaseOf("a"), image: await putImage(oci, "a") };
  const body = predicates[kind](release);
  const about = { image: release.image, modelDigest: release.model.digest };
  // The moment of attaching and the host are not what a published predicate says of itself.
  const evidence: Evidence = { kind, ...about, at: "2026-11-23T12:00:05.000Z", by: githubOrigin, body };
  return { oci, release, evidence, store: createEvidenceStore({ openStore: () => oci, signer: null, verifier: null }) };
}

test.each(kinds)("a %s is stated bare, as other tools read it", async (kind) => {
  const { oci, store, evidence } = await repository(kind);
  const digest = await store.attach(evidence, signal);
  const statement = JSON.parse(new TextDecoder().decode(oci.blobs.get(digest))) as Json;
  expect(statement).toMatchObject({ predicateType: types[kind] });
  expect((statement as { predicate: Json }).predicate).toEqual(evidence.body);
});

test.each(kinds)("a %s is read back with what it says of itself", async (kind) => {
  const { store, release, evidence } = await repository(kind);
  const digest = await store.attach(evidence, signal);
  const [stored, ...more] = await store.list(release.image, kind, signal);
  expect(more).toEqual([]);
  expect(stored).toMatchObject({
    digest,
    kind,
    modelDigest: release.model.digest,
    at,
    by: { actor, commit, run },
    body: evidence.body,
  });
});

test.each(kinds)("a %s that another tool attached is left out, also without annotations", async (kind) => {
  const { oci, store, release, evidence } = await repository(kind);
  await store.attach(evidence, signal);
  const foreign = { buildDefinition: { buildType: "https://actions.github.io/buildtypes/workflow/v1" } };
  await store.attach({ ...evidence, body: foreign }, signal);
  expect(await store.list(release.image, kind, signal)).toHaveLength(1);
  const referrers = oci.referrers;
  oci.referrers = async (...args) => (await referrers(...args)).map(({ annotations: _, ...descriptor }) => descriptor);
  expect(await store.list(release.image, kind, signal)).toHaveLength(1);
});

test("our own predicates name who ran them, and nothing else the host knows", () => {
  const { image, model } = releaseOf("a");
  const evidence: Evidence = { kind: "smoke", image, modelDigest: model.digest, at, by: githubOrigin, body: {} };
  expect(toStatement(evidence)).toMatchObject({
    predicateType: "https://modelgate.dev/smoke/v1",
    predicate: { modelDigest: model.digest, at, by: { actor, commit, run }, body: {} },
  });
  expect(Object.keys((toStatement(evidence).predicate as { by: object }).by)).toEqual(["actor", "commit", "run"]);
});
