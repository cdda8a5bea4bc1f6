import type { KeyObject } from "node:crypto";
import { type Digest, sha256 } from "../../../domain/digest.ts";

/** What a key is called, for messages. */
export const keyName = ({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): string =>
  [asymmetricKeyType ?? "no key pair", asymmetricKeyDetails?.namedCurve].filter(Boolean).join(" ");

/** Whether modelgate signs and verifies with a key: ECDSA on P-256 with SHA-256, or ed25519. */
export const isSupported = ({ asymmetricKeyType: type, asymmetricKeyDetails: details }: KeyObject): boolean =>
  type === "ed25519" || (type === "ec" && details?.namedCurve === "prime256v1");

/** The hash a key signs with; null: the algorithm brings its own. */
export const hashOf = (key: KeyObject): "sha256" | null => (key.asymmetricKeyType === "ed25519" ? null : "sha256");

const spki = (publicKey: KeyObject): Buffer => publicKey.export({ format: "der", type: "spki" });

/** sha256 over the SubjectPublicKeyInfo. */
export const fingerprintOf = (publicKey: KeyObject): Digest => sha256(spki(publicKey));

/** The fingerprint as bundles name a key: in base64, as sigstore-go and cosign write it. */
export const hintOf = (fingerprint: Digest): string =>
  Buffer.from(fingerprint.slice("sha256:".length), "hex").toString("base64");
