import { createPublicKey, type KeyObject } from "node:crypto";
import type { Digest } from "../../../domain/digest.ts";
import { UserError } from "../../../domain/problem.ts";
import { fingerprintOf, isSupported, keyName } from "../key/kinds.ts";

/** A key whose signatures count. */
export interface TrustedKey {
  key: KeyObject;
  fingerprint: Digest;
}

const unusable = (file: string, why: string): UserError =>
  new UserError([
    {
      code: "config.value",
      message: `${file}, which trust.keys names, ${why}`,
      hint: "Name the PEM file of an ECDSA P-256 or ed25519 public key, such as cosign.pub.",
      at: { file, key: "trust.keys" },
    },
  ]);

/** Reads a public key. @throws UserError when it is none, or a private one. */
export function parsePublicKey(text: string | null, file: string): TrustedKey {
  if (text === null) throw unusable(file, "is not there");
  if (text.includes("PRIVATE KEY-----")) throw unusable(file, "holds a private key: whoever can read it can sign");
  let key: KeyObject;
  try {
    key = createPublicKey(text);
  } catch {
    throw unusable(file, "is not a PEM public key");
  }
  if (!isSupported(key)) throw unusable(file, `is ${keyName(key)}`);
  return { key, fingerprint: fingerprintOf(key) };
}
