import { describe, expect, test } from "vitest";
import { createEvidenceStore } from "../../../src/adapters/evidence/index.ts";
import { bytesSource, emptyConfig, mediaTypes, readManifest } from "../../../src/adapters/oci/content.ts";
import type { Descriptor } from "../../../src/adapters/oci/store.ts";
import { canonicalJson, type Json } from "../../../src/domain/canonical.ts";
import { sha256 } from "../../../src/domain/digest.ts";
import { type Evidence, toStatement } from "../../../src/domain/evidence.ts";
import type { Image } from "../../../src/domain/image.ts";
import type { SignatureVerifier, Signer } from "../../../src/ports/signer.ts";
import { putImage } from "../../fakes/image.ts";
import { type MemoryStore, memoryStore } from "../../fakes/oci-store.ts";
import { signingWithKey } from "../../fakes/signing.ts";

const { signal } = new AbortController();
const bundleType = "application/vnd.dev.sigstore.bundle.v0.3+json";
const contentType = "application/vnd.modelgate.evaluation.v1+json";
const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

const evidenceOf = (image: Image, fields: Partial<Evidence> = {}): Evidence => ({
  kind: "smoke",
  image,
  modelDigest: sha256("model"),
  at: "2026-11-23T12:00:00.000Z",
  by: { actor: "ada", commit: null, run: null },
  body: { passed: true },
  ...fields,
});

const statementOf = (evidence: Evidence): Record<string, Json> =>
  JSON.parse(canonicalJson(toStatement(evidence) as unknown as Json)) as Record<string, Json>;

interface Keys {
  signer: Signer | null;
  verifier: SignatureVerifier | null;
}

async function repository(keys: Keys = signingWithKey()) {
  const oci = memoryStore();
  const image = await putImage(oci, "a");
  const store = createEvidenceStore({ openStore: () => oci, ...keys });
  return { ...keys, oci, image, store, evidence: evidenceOf(image) };
}

/** Puts a bundle, as anybody who may write to the registry could. */
async function put(oci: MemoryStore, image: Image, layer: Uint8Array, fields: Record<string, unknown> = {}) {
  const config = await oci.pushBlob(bytesSource(emptyConfig), null, signal);
  const blob = await oci.pushBlob(bytesSource(layer), null, signal);
  const manifest = {
    schemaVersion: 2,
    mediaType: mediaTypes.manifest,
    artifactType: bundleType,
    config: { mediaType: mediaTypes.empty, digest: config.digest, size: config.size },
    layers: [{ mediaType: bundleType, digest: blob.digest, size: blob.size }],
    subject: { mediaType: mediaTypes.manifest, digest: image.digest, size: 1 },
    ...fields,
  };
  return oci.putManifest({ mediaType: mediaTypes.manifest, bytes: utf8(JSON.stringify(manifest)) }, signal);
}

const bundleIn = async (
  oci: MemoryStore,
  image: Image,
): Promise<{ digest: Descriptor["digest"]; bytes: Uint8Array }> => {
  const [listed] = await oci.referrers(image.digest, bundleType, signal);
  const { layers } = readManifest((await oci.manifest(listed!.digest, signal))!, "test");
  return { digest: layers![0]!.digest, bytes: oci.blobs.get(layers![0]!.digest)! };
};

const problemsOf = (listed: Awaited<ReturnType<ReturnType<typeof createEvidenceStore>["list"]>>) =>
  listed.map(({ signature }) => (signature.status === "refused" ? signature.problem.code : signature.status));

test("a signed statement is a bundle where cosign looks for it, with what cosign says of it", async () => {
  const { oci, image, store, evidence } = await repository();
  const digest = await store.attach(evidence, signal);
  const [listed, ...more] = await oci.referrers(image.digest, null, signal);
  expect(more).toEqual([]);
  expect(listed).toMatchObject({
    artifactType: bundleType,
    annotations: {
      "dev.sigstore.bundle.content": "dsse-envelope",
      "dev.sigstore.bundle.predicateType": "https://modelgate.dev/smoke/v1",
      "org.opencontainers.image.created": evidence.at,
    },
  });
  const { layers } = readManifest((await oci.manifest(listed!.digest, signal))!, "test");
  expect(layers).toMatchObject([{ mediaType: bundleType }]);
  const { dsseEnvelope } = JSON.parse(new TextDecoder().decode((await bundleIn(oci, image)).bytes)) as {
    dsseEnvelope: { payload: string };
  };
  const payload = Buffer.from(dsseEnvelope.payload, "base64");
  expect(payload.toString()).toBe(canonicalJson(toStatement(evidence) as unknown as Json));
  expect(digest).toBe(sha256(payload));
});

describe("the rows of an evaluation", () => {
  const body = { rows: Array.from({ length: 2000 }, (_, index) => ({ id: index, answer: "x".repeat(100) })) };

  test.each([
    ["signed", signingWithKey()],
    ["not signed", { signer: null, verifier: null }],
  ])("lie beside its statement, %s, which names them by digest and size", async (_what, keys) => {
    const { oci, image, store, evidence } = await repository(keys);
    await store.attach({ ...evidence, kind: "evaluation", body }, signal);
    const bytes = utf8(canonicalJson(body));
    const content = { digest: sha256(bytes), size: bytes.length, mediaType: contentType };
    const listed = await oci.referrers(image.digest, null, signal);
    expect(listed.map(({ artifactType }) => artifactType)).toContain(contentType);
    expect(statementOf({ ...evidence, kind: "evaluation", body })["predicate"]).toEqual({
      modelDigest: evidence.modelDigest,
      at: evidence.at,
      by: evidence.by,
      content,
    });
    const other = [...oci.blobs].filter(([digest]) => digest !== content.digest).map(([, blob]) => blob.length);
    expect(Math.max(...other)).toBeLessThan(4000);
    expect((await store.list(image, "evaluation", signal))[0]?.body).toEqual(body);
  });

  test("that are gone, or are not as many, make a signed statement one that does not count", async () => {
    const { oci, image, store, evidence, signer } = await repository();
    await store.attach({ ...evidence, kind: "evaluation", body: "kept", at: "2026-11-23T13:00:00.000Z" }, signal);
    await store.attach({ ...evidence, kind: "evaluation", body: "gone" }, signal);
    oci.blobs.delete(sha256('"gone"'));
    const short = statementOf({ ...evidence, kind: "evaluation", body: "kept" });
    const predicate = short["predicate"] as { content: { size: number } };
    const wrong = { ...short, predicate: { ...predicate, content: { ...predicate.content, size: 5 } } };
    await put(oci, image, await signer!.sign(utf8(JSON.stringify(wrong)), signal));
    const listed = await store.list(image, "evaluation", signal);
    expect(problemsOf(listed).toSorted()).toEqual(["evidence.altered", "evidence.altered", "verified"]);
    expect(listed.map((stored) => stored.body)).toEqual(["kept", null, null]);
  });

  test("that are gone make a statement that counts unsigned unreadable", async () => {
    const { oci, image, store, evidence } = await repository({ signer: null, verifier: null });
    await store.attach({ ...evidence, kind: "evaluation", body: "gone" }, signal);
    oci.blobs.delete(sha256('"gone"'));
    await expect(store.list(image, "evaluation", signal)).rejects.toMatchObject({
      problems: [{ code: "release.unreadable", message: expect.stringMatching(/is not there/) }],
    });
  });

  test("that were changed are not read", async () => {
    const { oci, image, store, evidence } = await repository();
    await store.attach({ ...evidence, kind: "evaluation", body: "rows" }, signal);
    oci.blobs.set(sha256('"rows"'), utf8('"sows"'));
    await expect(store.list(image, "evaluation", signal)).rejects.toMatchObject({
      problem: { code: "registry.digest" },
    });
  });

  test("of a stranger are not fetched", async () => {
    const { oci, image, store, evidence } = await repository();
    const stranger = createEvidenceStore({ openStore: () => oci, ...signingWithKey() });
    await stranger.attach({ ...evidence, kind: "evaluation", body: "rows" }, signal);
    const blob = oci.blob;
    oci.blob = (digest, s) => {
      if (digest === sha256('"rows"')) throw new Error("fetched it");
      return blob(digest, s);
    };
    const [listed] = await store.list(image, "evaluation", signal);
    expect(listed).toMatchObject({ body: null, signature: { problem: { code: "evidence.signer-key" } } });
  });

  test("larger than a statement may say are refused before they are read", async () => {
    const { oci, image, store, evidence, signer } = await repository();
    const large = statementOf({ ...evidence, kind: "evaluation", body: "rows" });
    const predicate = large["predicate"] as { content: { size: number } };
    const claims = { ...large, predicate: { ...predicate, content: { ...predicate.content, size: 2 ** 28 } } };
    await put(oci, image, await signer!.sign(utf8(JSON.stringify(claims)), signal));
    expect(await store.list(image, "evaluation", signal)).toMatchObject([
      {
        signature: { problem: { code: "evidence.altered", message: expect.stringMatching(/claims 268435456 bytes/) } },
      },
    ]);
  });
});

describe("where statements are signed, what does not count hides nothing", () => {
  test.each<[string, (signed: Uint8Array) => Uint8Array, string]>([
    ["is no bundle", () => utf8("not a bundle"), "evidence.altered"],
    ["was altered", altered, "evidence.altered"],
  ])("a bundle that %s", async (_what, change, code) => {
    const { oci, image, store, evidence } = await repository();
    await store.attach(evidence, signal);
    await put(oci, image, change((await bundleIn(oci, image)).bytes));
    const listed = await store.list(image, "smoke", signal);
    expect(problemsOf(listed).toSorted()).toEqual([code, "verified"]);
    expect(listed.find(({ signature }) => signature.status === "verified")?.body).toEqual(evidence.body);
  });

  test("a bundle of a stranger, whose body is there to look at", async () => {
    const { oci, image, store, evidence } = await repository();
    const stranger = createEvidenceStore({ openStore: () => oci, ...signingWithKey() });
    await store.attach({ ...evidence, body: { passed: false } }, signal);
    await stranger.attach(evidence, signal);
    const listed = await store.list(image, "smoke", signal);
    expect(problemsOf(listed).toSorted()).toEqual(["evidence.signer-key", "verified"]);
    expect(listed.find(({ signature }) => signature.status === "refused")).toMatchObject({
      body: evidence.body,
      by: { actor: "ada" },
    });
  });

  test("an unsigned statement, whole or damaged", async () => {
    const { oci, image, store, evidence } = await repository();
    await store.attach(evidence, signal);
    const plain = createEvidenceStore({ openStore: () => oci, signer: null, verifier: null });
    await plain.attach({ ...evidence, body: "other" }, signal);
    const inToto = "application/vnd.in-toto+json";
    const damaged = await oci.pushBlob(bytesSource(utf8("damaged")), null, signal);
    const layers = [{ mediaType: inToto, digest: damaged.digest, size: damaged.size }];
    await put(oci, image, utf8(""), { artifactType: inToto, layers });
    const listed = await store.list(image, "smoke", signal);
    expect(problemsOf(listed).toSorted()).toEqual(["evidence.altered", "unsigned", "verified"]);
  });

  test("a bundle that was moved here from another image", async () => {
    const { oci, image, store, evidence } = await repository();
    const other = await putImage(oci, "b");
    await store.attach({ ...evidence, image: other }, signal);
    await put(oci, image, (await bundleIn(oci, other)).bytes);
    const [listed] = await store.list(image, "smoke", signal);
    expect(listed).toMatchObject({ signature: { status: "refused", problem: { code: "evidence.subject" } } });
    expect((await store.list(other, "smoke", signal))[0]?.signature.status).toBe("verified");
  });

  test("an artifact that claims to be too large, without being read", async () => {
    const { oci, image, store } = await repository();
    const layers = [{ mediaType: bundleType, digest: sha256("{}"), size: 2 ** 30 }];
    await put(oci, image, utf8("{}"), { layers });
    oci.blob = () => {
      throw new Error("read it");
    };
    expect(problemsOf(await store.list(image, "smoke", signal))).toEqual(["evidence.altered"]);
  });

  test("an artifact with two layers, or none", async () => {
    const { oci, image, store } = await repository();
    const layer = { mediaType: bundleType, digest: sha256("x"), size: 1 };
    await put(oci, image, utf8("x"), { layers: [layer, layer] });
    await put(oci, image, utf8("x"), { layers: [] });
    const refused = {
      signature: { problem: { code: "evidence.altered", message: expect.stringMatching(/exactly one layer/) } },
    };
    expect(await store.list(image, "smoke", signal)).toMatchObject([refused, refused]);
  });

  test("one of which nothing is known is told by its artifact, and is the oldest", async () => {
    const { oci, image, store, evidence } = await repository();
    await store.attach({ ...evidence, at: "1971-01-01T00:00:00Z" }, signal);
    const artifact = await put(oci, image, utf8("nothing"), {
      annotations: { "org.opencontainers.image.created": "?" },
    });
    const listed = await store.list(image, "smoke", signal);
    expect(listed[1]).toMatchObject({ digest: artifact, at: "1970-01-01T00:00:00.000Z", body: null });
  });
});

test("a trusted statement that cannot be read stops everything: it may be a fail", async () => {
  const { oci, image, store, evidence, signer } = await repository();
  const strange = { ...statementOf(evidence), more: 1 };
  await put(oci, image, await signer!.sign(utf8(JSON.stringify(strange)), signal));
  await expect(store.list(image, "smoke", signal)).rejects.toMatchObject({
    problems: [{ code: "release.unreadable", message: expect.stringMatching(/more/) }],
  });
});

test("bundles about other things are not ours to judge, with or without annotations", async () => {
  const { oci, image, store, evidence, signer } = await repository();
  await store.attach(evidence, signal);
  const slsa = { ...statementOf(evidence), predicateType: "https://slsa.dev/provenance/v1", predicate: { any: 1 } };
  await put(oci, image, await signer!.sign(utf8(JSON.stringify(slsa)), signal));
  const annotations = { "dev.sigstore.bundle.predicateType": "https://cosign.sigstore.dev/attestation/v1" };
  await put(oci, image, utf8("not even a bundle"), { annotations });
  expect(problemsOf(await store.list(image, "smoke", signal))).toEqual(["verified"]);
  expect(await store.list(image, "provenance", signal)).toEqual([]);
});

test.each([["trusted", "stranger", "plain"] as const, ["plain", "stranger", "trusted"] as const])(
  "the same statement is listed once, as well signed as it was found: %s, %s, %s",
  async (...order) => {
    const { oci, image, store, evidence } = await repository();
    const stores = {
      trusted: store,
      stranger: createEvidenceStore({ openStore: () => oci, ...signingWithKey() }),
      plain: createEvidenceStore({ openStore: () => oci, signer: null, verifier: null }),
    };
    for (const who of order) await stores[who].attach(evidence, signal);
    await store.attach(evidence, signal);
    expect(await oci.referrers(image.digest, null, signal)).toHaveLength(4);
    expect(problemsOf(await store.list(image, "smoke", signal))).toEqual(["verified"]);
  },
);

test("where nothing is checked, a bundle is a statement like any other", async () => {
  const { oci, image, store, evidence } = await repository();
  await store.attach(evidence, signal);
  const plain = createEvidenceStore({ openStore: () => oci, signer: null, verifier: null });
  expect(await plain.list(image, "smoke", signal)).toMatchObject([
    { body: evidence.body, signature: { status: "unsigned" } },
  ]);
  await put(oci, image, utf8('{"dsseEnvelope":{}}'));
  await expect(plain.list(image, "smoke", signal)).rejects.toMatchObject({
    problems: [{ code: "release.unreadable" }],
  });
});

test("what fails in the world, and not in a bundle, is not an answer about the bundle", async () => {
  const { oci, store, image, evidence, signer } = await repository();
  await store.attach(evidence, signal);
  const down: SignatureVerifier = { verify: () => Promise.reject(new Error("no network")) };
  const offline = createEvidenceStore({ openStore: () => oci, signer, verifier: down });
  await expect(offline.list(image, "smoke", signal)).rejects.toThrow("no network");
});

function altered(bundle: Uint8Array): Uint8Array {
  const json = JSON.parse(new TextDecoder().decode(bundle)) as { dsseEnvelope: { payload: string } };
  const statement = Buffer.from(json.dsseEnvelope.payload, "base64")
    .toString()
    .replace('"passed":true', '"passed":null');
  json.dsseEnvelope.payload = Buffer.from(statement).toString("base64");
  return utf8(JSON.stringify(json));
}
