import { type Bundle, bundleToJSON, toDSSEBundle } from "@sigstore/bundle";
import { dsse } from "@sigstore/core";

/** The type of what is signed, as DSSE states it. */
export const payloadType = "application/vnd.in-toto+json";

/** The bytes a signature is made over (https://github.com/secure-systems-lab/dsse/blob/master/protocol.md). */
export const signedBytes = (statement: Uint8Array): Buffer => dsse.preAuthEncoding(payloadType, Buffer.from(statement));

/** A Sigstore bundle v0.3 of a statement and its signature, by a certificate's key or by one that has a name. */
export function bundleOf(
  statement: Uint8Array,
  signature: Buffer,
  by: { certificate: Buffer } | { keyHint: string },
): ReturnType<typeof toDSSEBundle> {
  const artifact = Buffer.from(statement);
  const bundle = toDSSEBundle({ artifact, artifactType: payloadType, signature, certificateChain: false, ...by });
  // A key id in the envelope must be cosign's own idea of one, or it does not try the key. The bundle names the key.
  bundle.content.dsseEnvelope.signatures[0]!.keyid = "";
  return bundle;
}

/** A bundle as it is stored. */
export const bundleBytes = (bundle: Bundle): Uint8Array =>
  new TextEncoder().encode(JSON.stringify(bundleToJSON(bundle)));
