import { generateKeyPairSync, sign } from "node:crypto";
import { bundleToJSON, toDSSEBundle } from "@sigstore/bundle";
import { dsse } from "@sigstore/core";
import { expect, test } from "vitest";
import { createSigner, createVerifier, signers } from "../../../src/adapters/signers/index.ts";
import { createTrustVerifier } from "../../../src/adapters/signers/verifier.ts";
import { keyPair } from "../../fakes/signing-keys.ts";

const { signal } = new AbortController();
const statement = new TextEncoder().encode("{}");
const pair = keyPair("p256");
const nobody = { keyFiles: [], identities: [], trustedRoot: null };
const signing = { method: "key", key: "KEY", passphrase: null, instance: null } as const;
const context = { env: { KEY: pair.privateKey }, readText: async () => null };

const bundleOf = (): Promise<Uint8Array> => createSigner(signing, context)!.sign(statement, signal);

/** What comes of a bundle when these public keys are trusted. */
async function withKeys(...texts: (string | null)[]) {
  const trust = { ...nobody, keyFiles: texts.map((_text, index) => String(index)) };
  const verifier = createTrustVerifier(trust, { readText: async (path) => texts[Number(path)] ?? null });
  return (await verifier.verify(await bundleOf(), signal)).signature;
}

test("who signs is made from the configuration", () => {
  expect(createSigner(signing, context)?.kind).toBe("key");
  expect(createSigner({ ...signing, method: "keyless" }, context)?.kind).toBe("keyless");
  expect(createSigner({ ...signing, method: "none" }, context)).toBeNull();
  expect(Object.keys(signers)).toEqual(["keyless", "key"]);
});

test("nothing is checked where nobody is trusted", () => {
  expect(createVerifier(nobody, context)).toBeNull();
  expect(createVerifier({ ...nobody, keyFiles: ["key.pub"] }, context)).not.toBeNull();
});

test("any of the trusted keys may have signed", async () => {
  expect(await withKeys(keyPair("ed25519").publicKey, pair.publicKey)).toMatchObject({ status: "verified" });
});

test("a bundle that names its key otherwise is tried with each trusted key", async () => {
  const json = JSON.parse(new TextDecoder().decode(await bundleOf())) as {
    verificationMaterial: { publicKey: { hint: string } };
  };
  json.verificationMaterial.publicKey.hint = "my key";
  const bundle = new TextEncoder().encode(JSON.stringify(json));
  const check = async (publicKey: string) =>
    (
      await createTrustVerifier({ ...nobody, keyFiles: ["k"] }, { readText: async () => publicKey }).verify(
        bundle,
        signal,
      )
    ).signature;
  expect(await check(pair.publicKey)).toMatchObject({ status: "verified" });
  expect(await check(keyPair("p256").publicKey)).toMatchObject({ problem: { code: "evidence.signer-key" } });
});

test("a trusted key's signature over something that is no statement does not count", async () => {
  const signature = sign("sha256", dsse.preAuthEncoding("text/plain", Buffer.from(statement)), pair.key);
  const artifact = Buffer.from(statement);
  const bundle = toDSSEBundle({ artifact, artifactType: "text/plain", signature });
  const verifier = createTrustVerifier({ ...nobody, keyFiles: ["k"] }, { readText: async () => pair.publicKey });
  const bytes = new TextEncoder().encode(JSON.stringify(bundleToJSON(bundle)));
  expect((await verifier.verify(bytes, signal)).signature).toMatchObject({
    problem: { code: "evidence.altered", message: expect.stringMatching(/text\/plain/) },
  });
});

test("a key's bundle is refused where only workflows are trusted", async () => {
  const identity = { issuer: "https://a", workflow: "a/b/.github/workflows/c.yml", repository: "a/b", ref: null };
  const verifier = createVerifier({ ...nobody, identities: [identity] }, context)!;
  expect((await verifier.verify(await bundleOf(), signal)).signature).toMatchObject({
    problem: { code: "evidence.signer-key" },
  });
});

test.each<[string, string | null, RegExp]>([
  ["is not there", null, /is not there/],
  ["is a private key", pair.privateKey, /private key/],
  ["is no key", "hello", /not a PEM public key/],
  [
    "is RSA",
    generateKeyPairSync("rsa", { modulusLength: 2048 }).publicKey.export({ format: "pem", type: "spki" }).toString(),
    /is rsa/,
  ],
])("a trusted key that %s is the user's to mend", async (_what, text, why) => {
  await expect(withKeys(text)).rejects.toMatchObject({
    problems: [{ code: "config.value", message: expect.stringMatching(why) }],
  });
});
