import type { SignatureVerifier, Signer } from "../../ports/signer.ts";
import { keySigner } from "./key.ts";
import type { InstanceName } from "./keyless/instances.ts";
import { keylessSigner } from "./keyless.ts";
import { createTrustVerifier, type TrustContext, type TrustOptions } from "./verifier.ts";

/** How evidence is signed, as a user writes it; `key` and `passphrase` are names of variables. */
export interface SigningOptions {
  method: "keyless" | "key" | "none";
  key: string | null;
  passphrase: string | null;
  instance: InstanceName | null;
}

export interface SigningContext {
  env: Readonly<Record<string, string | undefined>>;
  /** A text file by the path a user wrote, or null when it is not there. */
  readText(path: string): Promise<string | null>;
}

/** Who signs: kind → how a signer of it is made. */
export const signers = {
  keyless: ({ instance }: SigningOptions, { env }: SigningContext): Signer => keylessSigner({ instance, env }),
  key: ({ key, passphrase }: SigningOptions, context: SigningContext): Signer =>
    keySigner({ variable: key ?? "MODELGATE_SIGNING_KEY", passphraseVariable: passphrase, ...context }),
};

/** The signer a configuration asks for; null: nothing is signed. What it needs is looked for when it first signs. */
export const createSigner = (options: SigningOptions, context: SigningContext): Signer | null =>
  options.method === "none" ? null : signers[options.method](options, context);

/** Checks signatures against the trust of a configuration; null: nobody is trusted, and nothing is checked. */
export const createVerifier = (trust: TrustOptions, context: TrustContext): SignatureVerifier | null =>
  trust.keyFiles.length + trust.identities.length === 0 ? null : createTrustVerifier(trust, context);
