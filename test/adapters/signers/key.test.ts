import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import { describe, expect, test } from "vitest";
import { keySigner } from "../../../src/adapters/signers/key.ts";
import { createTrustVerifier } from "../../../src/adapters/signers/verifier.ts";
import { sha256 } from "../../../src/domain/digest.ts";
import { UserError } from "../../../src/domain/problem.ts";
import { cosignKey, keyPair } from "../../fakes/signing-keys.ts";

const { signal } = new AbortController();
const statement = new TextEncoder().encode("{}");
const passphrase = "correct horse";

/** Signs with what a user handed in, and has it checked with the public key. */
async function signed(value: string | undefined, publicKey: string, phrase?: string, file: string | null = null) {
  const signer = keySigner({
    variable: "SIGNING_KEY",
    passphraseVariable: "SIGNING_PASSPHRASE",
    env: { SIGNING_KEY: value, SIGNING_PASSPHRASE: phrase },
    readText: async () => file,
  });
  const bundle = await signer.sign(statement, signal);
  const trust = { keyFiles: ["key.pub"], identities: [], trustedRoot: null };
  const { signature } = await createTrustVerifier(trust, { readText: async () => publicKey }).verify(bundle, signal);
  return { signature, bundle: JSON.parse(new TextDecoder().decode(bundle)) as object };
}

const publicPem = (key: KeyObject): string => createPublicKey(key).export({ format: "pem", type: "spki" }).toString();
const p256 = keyPair("p256");
const cipher = "aes-256-cbc";

describe("a key is read as", () => {
  test.each<[string, string, string, string?]>([
    ["PKCS#8", p256.privateKey, p256.publicKey],
    ["SEC1, as openssl ecparam -genkey writes it", sec1(p256.key), p256.publicKey],
    ["encrypted PKCS#8", pkcs8(p256.key, passphrase), p256.publicKey, passphrase],
    ["encrypted SEC1", sec1(p256.key, passphrase), p256.publicKey, passphrase],
    ["what cosign generate-key-pair writes", cosignKey.sealed, cosignKey.publicKey, cosignKey.passphrase],
    [
      "what cosign wrote before 2023",
      cosignKey.sealed.replaceAll("SIGSTORE", "COSIGN"),
      cosignKey.publicKey,
      cosignKey.passphrase,
    ],
  ])("%s", async (_what, pem, publicKey, phrase) => {
    expect((await signed(pem, publicKey, phrase)).signature).toMatchObject({ status: "verified", at: null });
  });

  test("ed25519, encrypted", async () => {
    const { key, publicKey } = keyPair("ed25519");
    expect((await signed(pkcs8(key, passphrase), publicKey, passphrase)).signature.status).toBe("verified");
  });

  test("text, with line ends of Windows", async () => {
    const { signature } = await signed(p256.privateKey.replaceAll("\n", "\r\n"), p256.publicKey);
    expect(signature.status).toBe("verified");
    const cosign = await signed(
      cosignKey.sealed.replaceAll("\n", "\r\n"),
      cosignKey.publicKey.replaceAll("\n", "\r\n"),
      cosignKey.passphrase,
    );
    expect(cosign.signature.status).toBe("verified");
  });

  test("the path of a file", async () => {
    const { signature } = await signed("keys/private.pem", p256.publicKey, undefined, p256.privateKey);
    expect(signature.status).toBe("verified");
  });
});

test("the bundle names the key by its fingerprint, as cosign does, and the verifier says it", async () => {
  const { signature, bundle } = await signed(p256.privateKey, p256.publicKey);
  const fingerprint = sha256(createPublicKey(p256.key).export({ format: "der", type: "spki" }));
  const hint = Buffer.from(fingerprint.slice(7), "hex").toString("base64");
  expect(bundle).toMatchObject({ verificationMaterial: { publicKey: { hint } } });
  // cosign tries no key for an envelope that names another id than its own.
  expect(JSON.stringify(bundle)).not.toContain("keyid");
  expect(signature).toMatchObject({ by: { kind: "key", fingerprint } });
});

describe("a key that cannot be used is a problem that says why", () => {
  const problemOf = async (value: string | undefined, phrase?: string) => {
    const error: unknown = await signed(value, p256.publicKey, phrase).catch((failure: unknown) => failure);
    if (!(error instanceof UserError)) throw error;
    return error.problems[0]!;
  };

  test("no variable", async () => {
    const problem = await problemOf(undefined);
    expect(problem).toMatchObject({ code: "signing.key" });
    expect(problem.hint).toContain("secrets.SIGNING_KEY");
  });

  test("a path of no file", async () => {
    expect(await problemOf("keys/none.pem")).toMatchObject({
      code: "signing.key",
      message: expect.stringMatching(/not there/),
    });
  });

  test.each<[string, string, RegExp]>([
    ["a public key", p256.publicKey, /not a PEM private key/],
    ["nonsense in PEM", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", /not a PEM private key/],
    ["RSA", pkcs8(generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey), /it is rsa/],
    ["P-384", pkcs8(generateKeyPairSync("ec", { namedCurve: "P-384" }).privateKey), /it is ec secp384r1/],
    ["a damaged key of cosign's", cosignKey.sealed.replace("eyJrZGYi", "eyJrZGZi"), /not what cosign writes/],
    ["a key of cosign's that wants 16 GiB", withN(2 ** 24), /not what cosign writes/],
  ])("%s", async (_what, pem, why) => {
    expect(await problemOf(pem, "x")).toMatchObject({ code: "signing.key", message: expect.stringMatching(why) });
  });

  test.each<[string, string, string | undefined, RegExp]>([
    ["a wrong passphrase", pkcs8(p256.key, passphrase), "wrong", /does not open/],
    ["a wrong passphrase of SEC1", sec1(p256.key, passphrase), "wrong", /does not open/],
    ["a wrong passphrase of cosign's", cosignKey.sealed, "wrong", /does not open/],
    ["no passphrase", pkcs8(p256.key, passphrase), undefined, /there is no passphrase/],
    ["no passphrase of cosign's", cosignKey.sealed, undefined, /there is no passphrase/],
  ])("%s", async (_what, pem, phrase, why) => {
    expect(await problemOf(pem, phrase)).toMatchObject({
      code: "signing.passphrase",
      message: expect.stringMatching(why),
    });
  });

  test("and never repeats the key or the passphrase", async () => {
    const found = [
      await problemOf(p256.privateKey.replace("MIG", "AIG")),
      await problemOf(pkcs8(p256.key, passphrase), "my wrong guess"),
      await problemOf(cosignKey.sealed, "my wrong guess"),
    ];
    const said = JSON.stringify(found);
    for (const secret of [
      "my wrong guess",
      ...cosignKey.sealed.split("\n").slice(1, 3),
      p256.privateKey.split("\n")[1]!,
    ])
      expect(said).not.toContain(secret);
  });
});

test("a key is read once, and not before something is signed", async () => {
  let read = 0;
  const signer = keySigner({
    variable: "SIGNING_KEY",
    passphraseVariable: null,
    env: { SIGNING_KEY: "key.pem" },
    readText: async () => (read++, p256.privateKey),
  });
  expect(read).toBe(0);
  await signer.sign(statement, signal);
  await signer.sign(statement, signal);
  expect(read).toBe(1);
});

function pkcs8(key: KeyObject, phrase?: string): string {
  const sealed = phrase === undefined ? {} : { cipher, passphrase: phrase };
  return key.export({ format: "pem", type: "pkcs8", ...sealed }).toString();
}

function sec1(key: KeyObject, phrase?: string): string {
  const sealed = phrase === undefined ? {} : { cipher, passphrase: phrase };
  return key.export({ format: "pem", type: "sec1", ...sealed }).toString();
}

/** The cosign key, with another cost of scrypt. */
function withN(cost: number): string {
  const [head, ...lines] = cosignKey.sealed.trim().split("\n");
  const json = Buffer.from(lines.slice(0, -1).join(""), "base64").toString();
  return `${head}\n${Buffer.from(json.replace('"N":65536', `"N":${cost}`)).toString("base64")}\n${lines.at(-1)}\n`;
}

test("what is signed with one key is not of another of the same kind", async () => {
  const other = createPrivateKey(keyPair("p256").privateKey);
  expect((await signed(p256.privateKey, publicPem(other))).signature).toMatchObject({
    status: "refused",
    problem: { code: "evidence.signer-key" },
  });
});
