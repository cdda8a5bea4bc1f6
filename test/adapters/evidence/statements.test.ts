import { expect, test } from "vitest";
import { createEvidenceStore } from "../../../src/adapters/evidence/index.ts";
import { bytesSource, emptyConfig, mediaTypes, readManifest } from "../../../src/adapters/oci/content.ts";
import type { Descriptor } from "../../../src/adapters/oci/store.ts";
import { canonicalJson, type Json } from "../../../src/domain/canonical.ts";
import { type Digest, hex, sha256 } from "../../../src/domain/digest.ts";
import { type Evidence, toStatement } from "../../../src/domain/evidence.ts";
import type { Image } from "../../../src/domain/image.ts";
import { putImage } from "../../fakes/image.ts";
import { type MemoryStore, memoryStore } from "../../fakes/oci-store.ts";

const { signal } = new AbortController();
const inToto = "application/vnd.in-toto+json";
const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

const evidenceOf = (image: Image): Evidence => ({
  kind: "smoke",
  image,
  modelDigest: sha256("model"),
  at: "2026-11-23T12:00:00.000Z",
  by: { actor: "ada", commit: null, run: null },
  body: { passed: true, steps: [] },
});

async function repository() {
  const oci = memoryStore();
  const image = await putImage(oci, "a");
  return {
    oci,
    image,
    store: createEvidenceStore({ openStore: () => oci, signer: null, verifier: null }),
    evidence: evidenceOf(image),
  };
}

/** Puts an artifact as anybody who may write to the registry could. */
async function forge(oci: MemoryStore, image: Image, layer: Uint8Array, fields: Record<string, unknown> = {}) {
  const config = await oci.pushBlob(bytesSource(emptyConfig), null, signal);
  const blob = await oci.pushBlob(bytesSource(layer), null, signal);
  const manifest = {
    schemaVersion: 2,
    mediaType: mediaTypes.manifest,
    artifactType: inToto,
    config: { mediaType: mediaTypes.empty, digest: config.digest, size: config.size },
    layers: [{ mediaType: inToto, digest: blob.digest, size: blob.size }],
    subject: { mediaType: mediaTypes.manifest, digest: image.digest, size: 1 },
    ...fields,
  };
  return oci.putManifest({ mediaType: mediaTypes.manifest, bytes: utf8(JSON.stringify(manifest)) }, signal);
}

const statement = (evidence: Evidence): Record<string, Json> =>
  JSON.parse(canonicalJson(toStatement(evidence) as unknown as Json)) as Record<string, Json>;

test("a statement is an OCI artifact that refers to the image and that others can find and read", async () => {
  const { oci, image, store, evidence } = await repository();
  const digest = await store.attach(evidence, signal);
  const [listed, ...more] = await oci.referrers(image.digest, inToto, signal);
  expect(more).toEqual([]);
  expect(listed!.annotations).toEqual({
    "org.opencontainers.image.created": evidence.at,
    "in-toto.io/predicate-type": "https://modelgate.dev/smoke/v1",
  });
  const manifest = readManifest((await oci.manifest(listed!.digest, signal))!, "test");
  const subject = oci.manifests.get(image.digest)!;
  expect(manifest).toMatchObject({
    artifactType: inToto,
    config: { mediaType: "application/vnd.oci.empty.v1+json", digest: sha256("{}"), size: 2 },
    layers: [{ mediaType: inToto, digest }],
    subject: { mediaType: subject.mediaType, digest: image.digest, size: subject.bytes.length },
  });
  const text = new TextDecoder().decode(oci.blobs.get(digest));
  expect(text).toBe(canonicalJson(toStatement(evidence) as unknown as Json));
  expect(JSON.parse(text)).toMatchObject({ subject: [{ digest: { sha256: hex(image.digest) } }] });
});

test.each<[string, (statement: Record<string, Json>) => string, RegExp]>([
  ["that is not JSON", () => "not json", /is not JSON/],
  ["of another type", (s) => JSON.stringify({ ...s, _type: "https://in-toto.io/Statement/v0.1" }), /_type/],
  ["without a predicate", ({ predicate: _, ...s }) => JSON.stringify(s), /predicate/],
  ["with more than we say", (s) => JSON.stringify({ ...s, waived: true }), /waived/],
  [
    "dated never",
    (s) => JSON.stringify({ ...s, predicate: { ...(s["predicate"] as object), at: "soon" } }),
    /predicate\.at/,
  ],
  [
    "about two images",
    (s) => JSON.stringify({ ...s, subject: [...(s["subject"] as Json[]), ...(s["subject"] as Json[])] }),
    /subject/,
  ],
  [
    "about another image",
    (s) => JSON.stringify({ ...s, subject: [{ name: "x", digest: { sha256: hex(sha256("other")) } }] }),
    /its statement is about sha256:/,
  ],
])("one statement %s makes the list unreadable and is named", async (_what, change, why) => {
  const { oci, image, store, evidence } = await repository();
  await store.attach(evidence, signal);
  const forged = await forge(oci, image, utf8(change(statement(evidence))));
  const list = store.list(image, "smoke", signal);
  await expect(list).rejects.toMatchObject({ problems: [{ code: "release.unreadable" }] });
  await expect(list).rejects.toThrow(forged);
  await expect(list).rejects.toThrow(why);
});

test("an artifact without a layer, or with a layer of another type, is unreadable", async () => {
  const { oci, image, store } = await repository();
  await forge(oci, image, utf8("{}"), { layers: [] });
  await expect(store.list(image, "smoke", signal)).rejects.toThrow(/exactly one layer/);
});

test("a statement that claims more than the limit is refused before it is read", async () => {
  const { oci, image, store } = await repository();
  const huge: Descriptor = { mediaType: inToto, digest: sha256("{}"), size: 8 * 2 ** 20 + 1 };
  await forge(oci, image, utf8("{}"), { layers: [huge] });
  oci.blob = () => {
    throw new Error("read it");
  };
  const list = store.list(image, "smoke", signal);
  await expect(list).rejects.toMatchObject({ problems: [{ code: "release.unreadable" }] });
  await expect(list).rejects.toThrow(/claims 8388609 bytes/);
});

test("a statement that would be too large to read is not attached", async () => {
  const { store, evidence, image } = await repository();
  const attached = store.attach({ ...evidence, body: "x".repeat(9 * 2 ** 20) }, signal);
  await expect(attached).rejects.toThrow(/more than 8388608/);
  expect(await store.list(image, "smoke", signal)).toEqual([]);
});

test("an evaluation may be larger than other statements", async () => {
  const { store, evidence, image } = await repository();
  await store.attach({ ...evidence, kind: "evaluation", body: "x".repeat(9 * 2 ** 20) }, signal);
  expect(await store.list(image, "evaluation", signal)).toHaveLength(1);
});

test("statements of others, with or without annotations, are not ours to judge", async () => {
  const { oci, image, store, evidence } = await repository();
  await store.attach(evidence, signal);
  const slsa = { ...statement(evidence), predicateType: "https://slsa.dev/provenance/v1", predicate: { any: "thing" } };
  await forge(oci, image, utf8(JSON.stringify(slsa)));
  const annotations = { "in-toto.io/predicate-type": "https://slsa.dev/provenance/v1" };
  await forge(oci, image, utf8("not even json"), { annotations });
  expect(await store.list(image, "smoke", signal)).toHaveLength(1);
});

test("our statements are found in a registry that lists no annotations", async () => {
  const { oci, image, store, evidence } = await repository();
  await store.attach(evidence, signal);
  await store.attach({ ...evidence, kind: "verdict" }, signal);
  const referrers = oci.referrers;
  oci.referrers = async (...args) =>
    (await referrers(...args)).map(({ annotations: _, ...descriptor }): Descriptor => descriptor);
  expect(await store.list(image, "smoke", signal)).toHaveLength(1);
});

test("evidence that is listed and gone, or that refers to something else, is unreadable", async () => {
  const { oci, image, store, evidence } = await repository();
  const other = await putImage(oci, "b");
  await store.attach(evidenceOf(other), signal);
  const referrers = oci.referrers;
  oci.referrers = (_subject: Digest, ...rest) => referrers(other.digest, ...rest);
  await expect(store.list(image, "smoke", signal)).rejects.toThrow(`refers to ${other.digest}`);
  oci.referrers = referrers;
  await store.attach(evidence, signal);
  oci.manifest = async () => null;
  await expect(store.list(image, "smoke", signal)).rejects.toThrow(/the registry does not have it/);
});

test("a statement whose bytes were changed is not read", async () => {
  const { oci, image, store, evidence } = await repository();
  const digest = await store.attach(evidence, signal);
  oci.blobs.set(digest, utf8(JSON.stringify({ ...statement(evidence), note: 1 })));
  await expect(store.list(image, "smoke", signal)).rejects.toMatchObject({ problem: { code: "registry.digest" } });
});
