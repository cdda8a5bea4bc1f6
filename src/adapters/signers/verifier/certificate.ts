import { X509Certificate as StrictCertificate } from "node:crypto";
import type { BundleWithDsseEnvelope } from "@sigstore/bundle";
import type { X509Certificate } from "@sigstore/core";
import type { TrustedRoot } from "@sigstore/protobuf-specs";
import { type SignedEntity, toSignedEntity, toTrustMaterial, VerificationError, Verifier } from "@sigstore/verify";
import type { Problem } from "../../../domain/problem.ts";
import type { SignerIdentity } from "../../../domain/signature.ts";
import { keylessIdentity } from "../../../domain/trust.ts";
import { altered } from "./altered.ts";

/**
 * GitHub's instance has no transparency log, so none is asked for: a clock that signs, of a timestamp authority or of a log,
 * must say that the certificate was valid; a certificate transparency log must have seen it.
 */
const thresholds = { ctlogThreshold: 1, tlogThreshold: 0, timestampThreshold: 1 };

const noCertificate = (why: string): Problem => ({
  code: "evidence.certificate",
  message: `its certificate does not hold: ${why}`,
  hint: "Look whether trust.trusted-root is of the instance that signed; gh attestation trusted-root > trusted_root.jsonl writes that of GitHub's own. Else judge the release again.",
});

/**
 * Extensions of Fulcio's certificates, each a UTF8String
 * (https://github.com/sigstore/fulcio/blob/main/docs/oid-info.md).
 */
const extensions = {
  issuer: "1.3.6.1.4.1.57264.1.8",
  signerUri: "1.3.6.1.4.1.57264.1.9",
  repositoryUri: "1.3.6.1.4.1.57264.1.12",
  commit: "1.3.6.1.4.1.57264.1.13",
  ref: "1.3.6.1.4.1.57264.1.14",
  runUri: "1.3.6.1.4.1.57264.1.21",
} as const;

function identityOf(certificate: X509Certificate): SignerIdentity {
  const claim = (name: keyof typeof extensions): string | null =>
    certificate.extension(extensions[name])?.valueObj.subs[0]?.value.toString("utf8") ?? null;
  return keylessIdentity({
    subject: certificate.subjectAltName ?? null,
    issuer: claim("issuer"),
    signerUri: claim("signerUri"),
    repositoryUri: claim("repositoryUri"),
    commit: claim("commit"),
    ref: claim("ref"),
    runUri: claim("runUri"),
  });
}

/** The first of the times that were verified. */
function earliest({ timestamps }: SignedEntity): string {
  const times = timestamps.map((stamp) =>
    stamp.$case === "timestamp-authority"
      ? stamp.timestamp.signingTime.getTime()
      : Number(stamp.tlogEntry.integratedTime) * 1000,
  );
  return new Date(Math.min(...times)).toISOString();
}

/** What checks certificates against one root. @throws when a certificate or key of the root cannot be read. */
export const authority = (root: TrustedRoot): Verifier => new Verifier(toTrustMaterial(root), thresholds);

/** Why an entity does not hold under one root; null: it does. */
function against(root: Verifier, entity: SignedEntity): Problem | null {
  try {
    root.verify(entity);
    return null;
  } catch (error) {
    if (!(error instanceof VerificationError)) return altered("its certificate or timestamp cannot be read");
    const { code, message, cause } = error as VerificationError & { code: string; cause?: unknown };
    if (code === "TIMESTAMP_ERROR" || code === "CERTIFICATE_ERROR")
      return noCertificate(cause instanceof Error ? cause.message : message);
    return altered(message);
  }
}

/** Reads what is to be checked; null when it cannot be read. */
function entityOf(bundle: BundleWithDsseEnvelope): SignedEntity | null {
  try {
    return toSignedEntity(bundle);
  } catch {
    return null;
  }
}

/** Whether the signature is of the key in the certificate, whoever that is. OpenSSL is stricter about how it is encoded. */
function isSignedBy({ signature }: SignedEntity, certificate: X509Certificate): boolean {
  try {
    return signature.verifySignature(new StrictCertificate(certificate.root.toDER()).publicKey);
  } catch {
    return false;
  }
}

/**
 * Checks a signature with a certificate against trusted roots: first that it is of the certificate's key, then whose the
 * certificate is. @returns who signed and when, or what is wrong.
 */
export function checkCertificate(
  bundle: BundleWithDsseEnvelope,
  roots: readonly Verifier[],
): { by: SignerIdentity; at: string } | Problem {
  const entity = entityOf(bundle);
  if (entity?.key.$case !== "certificate") return altered("its certificate or timestamp cannot be read");
  const { certificate } = entity.key;
  if (!isSignedBy(entity, certificate)) return altered("the signature does not hold");
  let problem = noCertificate("no authority is trusted");
  for (const root of roots) {
    const found = against(root, entity);
    if (found === null) return { by: identityOf(certificate), at: earliest(entity) };
    problem = found;
  }
  return problem;
}
