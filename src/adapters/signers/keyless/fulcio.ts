import { pem } from "@sigstore/core";
import { z } from "zod";
import { accepted, ask, shaped } from "./ask.ts";
import type { IdentityToken } from "./identity-token.ts";

const chain = z.object({ chain: z.object({ certificates: z.array(z.string()).min(1) }) });
const answer = z.union([
  z.object({ signedCertificateEmbeddedSct: chain }).transform((found) => found.signedCertificateEmbeddedSct),
  z.object({ signedCertificateDetachedSct: chain }).transform((found) => found.signedCertificateDetachedSct),
]);

/**
 * Has a public key certified for the holder of a token
 * (https://github.com/sigstore/fulcio/blob/main/fulcio.proto, CreateSigningCertificate). @returns the certificate's DER.
 */
export async function signingCertificate(
  fulcio: string,
  token: IdentityToken,
  key: { publicKey: string; proof: Buffer },
  signal: AbortSignal,
): Promise<Buffer> {
  const service = { name: `Fulcio ${fulcio}`, during: "asking for a signing certificate", secret: token.text };
  const body = {
    credentials: { oidcIdentityToken: token.text },
    publicKeyRequest: {
      publicKey: { algorithm: "ECDSA", content: key.publicKey },
      proofOfPossession: key.proof.toString("base64"),
    },
  };
  const reply = await ask(service, { url: new URL(`${fulcio}/api/v2/signingCert`), body }, signal);
  const [certificate] = shaped(service, answer, accepted(service, reply)).chain.certificates;
  return pem.toDER(certificate!);
}
