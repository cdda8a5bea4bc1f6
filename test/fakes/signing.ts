import { createSigner, createVerifier } from "../../src/adapters/signers/index.ts";
import type { SignatureVerifier, Signer } from "../../src/ports/signer.ts";
import { keyPair } from "./signing-keys.ts";

/** A signer with a fresh key, and a verifier that trusts it alone. */
export function signingWithKey(): { signer: Signer; verifier: SignatureVerifier } {
  const { privateKey, publicKey } = keyPair("p256");
  const readText = async () => publicKey;
  return {
    signer: createSigner(
      { method: "key", key: "KEY", passphrase: null, instance: null },
      { env: { KEY: privateKey }, readText },
    )!,
    verifier: createVerifier({ keyFiles: ["key.pub"], identities: [], trustedRoot: null }, { readText })!,
  };
}
