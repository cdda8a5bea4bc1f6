import { generateKeyPairSync, sign } from "node:crypto";
import type { Signer } from "../../ports/signer.ts";
import { unlessAborted } from "../system/unless-aborted.ts";
import { bundleBytes, bundleOf, signedBytes } from "./bundle/signed.ts";
import { signingCertificate } from "./keyless/fulcio.ts";
import { type IdentityToken, identityToken } from "./keyless/identity-token.ts";
import { type Instance, type InstanceName, instances } from "./keyless/instances.ts";
import { logEntry } from "./keyless/rekor.ts";
import { timestampOf } from "./keyless/timestamp.ts";

export interface KeylessOptions {
  /** Null: public-good for public repositories, whose names may stand in a public log; github for all others. */
  instance: InstanceName | null;
  env: Readonly<Record<string, string | undefined>>;
  /** Other services than those of the instances. */
  services?: Readonly<Record<InstanceName, Instance>>;
}

/**
 * Signs with a key that lives for one signature, certified by Fulcio for the identity of the job. The services are asked here
 * and not by `@sigstore/sign`: its HTTP client is half as large as all of modelgate, and takes no signal.
 */
export function keylessSigner({ instance, env, ...options }: KeylessOptions): Signer {
  const services = options.services ?? instances(env["GITHUB_SERVER_URL"] || "https://github.com");
  return {
    kind: "keyless",
    sign(statement, signal) {
      const signed = identityToken(env, signal).then((token) => {
        const named = instance ?? (token.visibility === "public" ? "public-good" : "github");
        return certified(statement, token, services[named], signal);
      });
      return unlessAborted(signed, signal);
    },
  };
}

async function certified(
  statement: Uint8Array,
  token: IdentityToken,
  { fulcio, timestamp, rekor }: Instance,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const proof = sign("sha256", Buffer.from(token.subject), privateKey);
  const key = { publicKey: publicKey.export({ format: "pem", type: "spki" }).toString(), proof };
  const certificate = await signingCertificate(fulcio, token, key, signal);
  const signature = sign("sha256", signedBytes(statement), privateKey);
  const bundle = bundleOf(statement, signature, { certificate });
  const [signedTimestamp, entry] = await Promise.all([
    timestampOf(signature, timestamp, signal),
    rekor === null ? null : logEntry(rekor, bundle.content.dsseEnvelope, certificate, signal),
  ]);
  bundle.verificationMaterial.timestampVerificationData = { rfc3161Timestamps: [{ signedTimestamp }] };
  bundle.verificationMaterial.tlogEntries = entry ? [entry] : [];
  return bundleBytes(bundle);
}
