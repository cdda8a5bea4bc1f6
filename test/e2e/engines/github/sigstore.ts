import { createHash, generateKeyPairSync } from "node:crypto";
import {
  fulcioHandler,
  initializeCA,
  initializeCTLog,
  initializeTLog,
  initializeTSA,
  rekorHandler,
  tsaHandler,
} from "@sigstore/mock";
import { TrustedRoot } from "@sigstore/protobuf-specs";
import type { JWK } from "jose";
import { createLocalJWKSet, jwtVerify } from "jose";
import type { Answer, Asked } from "./exchange.ts";
import { issuer } from "./oidc.ts";

/** Certificate authority, timestamp authority and transparency log, under the names of both Sigstore instances. */
export interface Sigstore {
  handle(request: Asked): Promise<Answer>;
  /** The content of a trusted_root.json. */
  trustedRoot: unknown;
}

/** Names whose part before the first dot says which of the services it is. */
export const sigstoreNames = [
  ...["fulcio.sigstore.dev", "rekor.sigstore.dev", "timestamp.sigstore.dev"],
  ...["fulcio.githubapp.com", "timestamp.githubapp.com"],
];

const base64 = (bytes: ArrayBufferView | Buffer): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
const key = () => generateKeyPairSync("ec", { namedCurve: "prime256v1" });

interface SigningRequest {
  credentials?: { oidcIdentityToken?: string };
}

/** The mock does not check identity tokens: a certificate for a forged one would prove nothing. */
async function checked(body: string, keys: JWK[]): Promise<string | null> {
  const { credentials } = JSON.parse(body) as SigningRequest;
  try {
    await jwtVerify(credentials?.oidcIdentityToken ?? "", createLocalJWKSet({ keys }), {
      issuer,
      audience: "sigstore",
    });
    return null;
  } catch (error) {
    return `There was an error processing the identity token: ${String(error)}`;
  }
}

interface ProposedEntry {
  kind: string;
  apiVersion: string;
  spec: { proposedContent?: { envelope: string; verifiers: string[] } };
}

const sha256 = (data: string | Buffer) => ({
  algorithm: "sha256",
  value: createHash("sha256").update(data).digest("hex"),
});

/** The log keeps an envelope's hashes and signatures; the mock would keep what was proposed, which nobody can verify. */
function kept(body: string): string {
  const { kind, apiVersion, spec } = JSON.parse(body) as ProposedEntry;
  if (kind !== "dsse" || !spec.proposedContent) return body;
  const { envelope, verifiers } = spec.proposedContent;
  const { payload, signatures } = JSON.parse(envelope) as { payload: string; signatures: { sig: string }[] };
  const entry = {
    envelopeHash: sha256(envelope),
    payloadHash: sha256(Buffer.from(payload, "base64")),
    signatures: signatures.map(({ sig }, index) => ({ signature: sig, verifier: verifiers[index] })),
  };
  return JSON.stringify({ kind, apiVersion, spec: entry });
}

/** @param keys what identity tokens are signed with. */
export async function createSigstore(keys: JWK[]): Promise<Sigstore> {
  const [caKey, logKey, tsaKey, ctKey] = [key(), key(), key(), key()];
  // One clock for all of them, on whole seconds: the mock writes fractions in a form that verifiers refuse.
  const clock = new Date();
  const tick = (): void => void clock.setTime(Math.floor(Date.now() / 1000) * 1000);
  tick();
  const ctlog = await initializeCTLog(ctKey);
  const ca = await initializeCA(caKey, ctlog);
  const tsa = await initializeTSA(tsaKey, clock);
  const tlog = await initializeTLog("https://rekor.sigstore.dev", logKey);
  const services = {
    fulcio: fulcioHandler(ca, { strict: true, subjectClaim: "certificate_subject" }),
    timestamp: tsaHandler(tsa),
    rekor: rekorHandler(tlog),
  };
  const start = new Date(Date.now() - 86_400_000).toISOString();
  const log = (of: { publicKey: Buffer }, id: string, baseUrl: string) => ({
    baseUrl,
    hashAlgorithm: "SHA2_256",
    publicKey: { rawBytes: base64(of.publicKey), keyDetails: "PKIX_ECDSA_P256_SHA_256", validFor: { start } },
    logId: { keyId: id },
  });
  const authority = (name: string, certificates: ArrayBufferView[]) => ({
    subject: { organization: "sigstore.mock", commonName: name },
    uri: `https://${name}.sigstore.dev`,
    certChain: { certificates: certificates.map((bytes) => ({ rawBytes: base64(bytes) })) },
    validFor: { start },
  });
  const logId = Buffer.from(await crypto.subtle.digest("SHA-256", new Uint8Array(tlog.publicKey)));
  return {
    trustedRoot: TrustedRoot.toJSON(
      TrustedRoot.fromJSON({
        mediaType: "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
        tlogs: [log(tlog, base64(logId), "https://rekor.sigstore.dev")],
        certificateAuthorities: [authority("fulcio", [ca.rootCertificate])],
        ctlogs: [log(ctlog, base64(ctlog.logID), "https://ctfe.sigstore.dev")],
        timestampAuthorities: [authority("timestamp", [tsa.intCertificate, tsa.rootCertificate])],
      }),
    ),
    async handle({ host, url, body }) {
      const service = services[host.split(".")[0] as keyof typeof services];
      if (url.pathname !== service.path) return { status: 404, body: { message: "Not Found" } };
      tick();
      const refusal = service === services.fulcio ? await checked(body.toString(), keys) : null;
      if (refusal !== null) return { status: 401, body: { code: 16, message: refusal } };
      const { statusCode, response, contentType } = await service.fn(
        service === services.rekor ? kept(body.toString()) : body.toString(),
      );
      const bytes = typeof response === "string" ? Buffer.from(response) : Buffer.from(base64(response), "base64");
      return { status: statusCode, body: bytes, headers: { "content-type": contentType ?? "text/plain" } };
    },
  };
}
