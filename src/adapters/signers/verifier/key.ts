import { verify } from "node:crypto";
import type { BundleWithDsseEnvelope } from "@sigstore/bundle";
import { dsse } from "@sigstore/core";
import type { Problem } from "../../../domain/problem.ts";
import type { SignerIdentity } from "../../../domain/signature.ts";
import { hashOf, hintOf } from "../key/kinds.ts";
import { altered } from "./altered.ts";
import type { TrustedKey } from "./public-keys.ts";

/**
 * Checks a signature with a plain key. The bundle's hint is no proof: only a key that is known is tried, and the one it names
 * must fit. @returns who signed, or what is wrong.
 */
export function checkKey(bundle: BundleWithDsseEnvelope, keys: readonly TrustedKey[]): SignerIdentity | Problem {
  const { payloadType, payload, signatures } = bundle.content.dsseEnvelope;
  const { content } = bundle.verificationMaterial;
  const hint = content.$case === "publicKey" ? content.publicKey.hint : "";
  const signed = dsse.preAuthEncoding(payloadType, payload);
  const fits = ({ key }: TrustedKey): boolean => verify(hashOf(key), signed, key, signatures[0]!.sig);
  const named = keys.find(({ fingerprint }) => hintOf(fingerprint) === hint);
  const found = named ? [named].find(fits) : keys.find(fits);
  if (found) return { kind: "key", fingerprint: found.fingerprint };
  if (named) return altered("the signature does not hold");
  return {
    code: "evidence.signer-key",
    message: `it is signed with a key that trust.keys does not name (${hint || "it has no name"})`,
    hint: "Add the public key to trust.keys only if you know whose it is and mean to. Else judge the release again.",
  };
}
