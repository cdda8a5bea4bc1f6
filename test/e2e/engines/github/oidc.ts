import { randomUUID } from "node:crypto";
import { exportJWK, generateKeyPair, type JWK, SignJWT } from "jose";
import type { Claims, Job } from "./identity.ts";

export const issuer = "https://token.actions.githubusercontent.com";

/** GitHub's OpenID provider: tokens for jobs, and the keys to check them with. */
export interface Oidc {
  /** A token for a job. @param more claims that are known only while it runs, such as the environment. */
  tokenFor(job: Job, audience: string, more?: Claims): Promise<string>;
  keys: JWK[];
}

/** Repositories made after July 2026 have their numbers in the subject; an environment stands in place of the ref. */
const subjectOf = (claims: Claims): string => {
  const [owner = "", name = ""] = (claims["repository"] ?? "").split("/");
  const where = claims["environment"] ? `environment:${claims["environment"]}` : `ref:${claims["ref"]}`;
  return `repo:${owner}@${claims["repository_owner_id"]}/${name}@${claims["repository_id"]}:${where}`;
};

export async function createOidc(): Promise<Oidc> {
  const { publicKey, privateKey } = await generateKeyPair("RS256", { extractable: true });
  const header = { alg: "RS256", kid: "key-1", typ: "JWT" };
  return {
    keys: [{ ...(await exportJWK(publicKey)), kid: header.kid, alg: header.alg, use: "sig" }],
    tokenFor(job, audience, more = {}) {
      const claims = { ...job.claims, ...more };
      // The certificate authority of @sigstore/mock takes the subject's name from one claim; Fulcio makes it from this one.
      const name = `https://github.com/${claims["job_workflow_ref"]}`;
      return new SignJWT({ ...claims, certificate_subject: name })
        .setProtectedHeader(header)
        .setIssuer(issuer)
        .setSubject(subjectOf(claims))
        .setAudience(audience)
        .setIssuedAt()
        .setNotBefore("-10s")
        .setExpirationTime("10m")
        .setJti(randomUUID())
        .sign(privateKey);
    },
  };
}
