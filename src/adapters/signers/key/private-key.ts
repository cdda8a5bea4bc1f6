import { createPrivateKey, type KeyObject } from "node:crypto";
import { UserError } from "../../../domain/problem.ts";
import { isCosignKey, openCosignKey } from "./cosign.ts";
import { isSupported, keyName } from "./kinds.ts";

/** A private key as text, with the names of the variables that it and its passphrase came from. */
export interface SealedKey {
  pem: string;
  variable: string;
  passphrase: string | null;
  passphraseVariable: string | null;
}

const keyProblem = ({ variable }: SealedKey, why: string): UserError =>
  new UserError([
    {
      code: "signing.key",
      message: `the signing key in ${variable} cannot be used: ${why}`,
      hint: "Hand in an ECDSA P-256 or ed25519 private key as PEM: PKCS#8, SEC1, or of cosign generate-key-pair.",
    },
  ]);

function passphraseProblem({ variable, passphrase, passphraseVariable }: SealedKey): UserError {
  const wrong = passphrase !== null;
  const message = wrong
    ? `the passphrase in ${passphraseVariable} does not open the signing key in ${variable}`
    : `the signing key in ${variable} is encrypted, and there is no passphrase for it`;
  const hint =
    passphraseVariable === null
      ? "Name the variable that holds it under signing.passphrase."
      : `Put the passphrase into ${passphraseVariable}, as it is, without a line break at its end.`;
  return new UserError([{ code: "signing.passphrase", message, hint }]);
}

const isEncrypted = (pem: string): boolean =>
  /-----BEGIN ENCRYPTED PRIVATE KEY-----|^Proc-Type: 4,ENCRYPTED/m.test(pem);

/**
 * Reads a private key.
 * @throws UserError `signing.key` when it is none or of a kind that is not supported, `signing.passphrase` when it stays closed.
 */
export async function readPrivateKey(sealed: SealedKey): Promise<KeyObject> {
  const key = isCosignKey(sealed.pem) ? await cosignKey(sealed) : pemKey(sealed);
  if (isSupported(key)) return key;
  throw keyProblem(sealed, `it is ${keyName(key)}`);
}

async function cosignKey(sealed: SealedKey): Promise<KeyObject> {
  try {
    // cosign encrypts with the empty passphrase where none is given.
    const der = await openCosignKey(sealed.pem, sealed.passphrase ?? "");
    if (der === null) throw passphraseProblem(sealed);
    return createPrivateKey({ key: Buffer.from(der), format: "der", type: "pkcs8" });
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw keyProblem(sealed, error instanceof RangeError ? error.message : "its content is no PKCS#8 key");
  }
}

function pemKey(sealed: SealedKey): KeyObject {
  const { pem, passphrase } = sealed;
  const encrypted = isEncrypted(pem);
  if (encrypted && passphrase === null) throw passphraseProblem(sealed);
  try {
    return createPrivateKey({ key: pem, ...(encrypted && { passphrase: passphrase! }) });
  } catch {
    throw encrypted ? passphraseProblem(sealed) : keyProblem(sealed, "it is not a PEM private key");
  }
}
