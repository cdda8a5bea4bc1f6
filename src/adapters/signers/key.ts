import { createPublicKey, type KeyObject, sign } from "node:crypto";
import { UserError } from "../../domain/problem.ts";
import type { Signer } from "../../ports/signer.ts";
import { unlessAborted } from "../system/unless-aborted.ts";
import { bundleBytes, bundleOf, signedBytes } from "./bundle/signed.ts";
import { fingerprintOf, hashOf, hintOf } from "./key/kinds.ts";
import { readPrivateKey } from "./key/private-key.ts";

export interface KeyOptions {
  /** Names of the variables that hold the key (PEM text, or the path of a PEM file) and its passphrase. */
  variable: string;
  passphraseVariable: string | null;
  env: Readonly<Record<string, string | undefined>>;
  /** A text file by the path a user wrote, or null when it is not there. */
  readText(path: string): Promise<string | null>;
}

const missing = (message: string, variable: string): UserError =>
  new UserError([
    {
      code: "signing.key",
      message,
      hint: `Put the private key, as PEM text or as the path of its file, into ${variable}; in a workflow: env: { ${variable}: "\${{ secrets.${variable} }}" }.`,
    },
  ]);

/** Signs with a private key. The bundle names the key by its fingerprint; nothing leaves the machine. */
export function keySigner(options: KeyOptions): Signer {
  let key: Promise<KeyObject> | undefined;
  return {
    kind: "key",
    sign(statement, signal) {
      key ??= load(options);
      return unlessAborted(
        key.then((found) => signed(statement, found)),
        signal,
      );
    },
  };
}

async function load({ variable, passphraseVariable, env, readText }: KeyOptions): Promise<KeyObject> {
  const value = env[variable];
  if (!value) throw missing(`the variable ${variable}, which signing.key names, is not set`, variable);
  const inPlace = value.includes("-----BEGIN ");
  const pem = inPlace ? value : await readText(value.trim());
  if (pem === null) throw missing(`the file that ${variable} names is not there`, variable);
  const passphrase = (passphraseVariable !== null && env[passphraseVariable]) || null;
  return readPrivateKey({ pem, variable, passphrase, passphraseVariable });
}

function signed(statement: Uint8Array, key: KeyObject): Uint8Array {
  const keyHint = hintOf(fingerprintOf(createPublicKey(key)));
  return bundleBytes(bundleOf(statement, sign(hashOf(key), signedBytes(statement), key), { keyHint }));
}
