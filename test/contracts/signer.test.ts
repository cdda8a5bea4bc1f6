import { onTestFinished } from "vitest";
import { keySigner } from "../../src/adapters/signers/key.ts";
import { keylessSigner } from "../../src/adapters/signers/keyless.ts";
import { createTrustVerifier } from "../../src/adapters/signers/verifier.ts";
import type { TrustedIdentity } from "../../src/domain/signature.ts";
import { cosignKey, keyPair } from "../fakes/signing-keys.ts";
import { FakeSigstore, trustedJob } from "../fakes/sigstore.ts";
import { type Signing, signerContract } from "./signer.ts";

const trusting = (publicKey: string) =>
  createTrustVerifier(
    { keyFiles: ["key.pub"], identities: [], trustedRoot: null },
    { readText: async () => publicKey, fetchRoots: () => Promise.reject(new Error("no certificate is checked")) },
  );

function withKey(privateKey: string, publicKey: string, passphrase?: string): Signing {
  const env = { KEY: privateKey, ...(passphrase !== undefined && { PASSPHRASE: passphrase }) };
  const signer = keySigner({
    variable: "KEY",
    passphraseVariable: passphrase === undefined ? null : "PASSPHRASE",
    env,
    readText: async () => null,
  });
  return { signer, verifier: trusting(publicKey), stranger: trusting(keyPair("p256").publicKey) };
}

for (const type of ["p256", "ed25519"] as const)
  signerContract(`with an ${type} key`, {
    async make() {
      const { privateKey, publicKey } = keyPair(type);
      return withKey(privateKey, publicKey);
    },
    by: { kind: "key" },
    strangerCode: "evidence.signer-key",
  });

signerContract("with a key of cosign's", {
  make: async () => withKey(cosignKey.sealed, cosignKey.publicKey, cosignKey.passphrase),
  by: { kind: "key" },
  strangerCode: "evidence.signer-key",
});

const identity: TrustedIdentity = {
  issuer: trustedJob.iss,
  workflow: "acme/kit/.github/workflows/release.yml",
  repository: "acme/digits",
  ref: "refs/heads/main",
};

async function started(): Promise<FakeSigstore> {
  const sigstore = await FakeSigstore.start();
  onTestFinished(() => sigstore[Symbol.asyncDispose]());
  return sigstore;
}

const trustingRoot = (root: string) =>
  createTrustVerifier(
    { keyFiles: [], identities: [identity], trustedRoot: "trusted_root.json" },
    { readText: async () => root },
  );

for (const instance of ["github", "public-good"] as const)
  signerContract(`of a job, at the instance ${instance}`, {
    async make() {
      const [sigstore, other] = [await started(), await started()];
      const { env, services } = sigstore;
      return {
        signer: keylessSigner({ instance, env, services }),
        verifier: trustingRoot(sigstore.trustedRoot()),
        stranger: trustingRoot(other.trustedRoot()),
      };
    },
    by: {
      kind: "keyless",
      issuer: trustedJob.iss,
      workflow: identity.workflow,
      workflowRef: "refs/tags/v1",
      repository: "acme/digits",
      ref: "refs/heads/main",
      commit: trustedJob.sha,
      run: "https://github.com/acme/digits/actions/runs/7/attempts/1",
    },
    strangerCode: "evidence.certificate",
  });
