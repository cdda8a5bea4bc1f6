import { z } from "zod";
import { UserError } from "../../../domain/problem.ts";
import { accepted, ask, failed } from "./ask.ts";

type Env = Readonly<Record<string, string | undefined>>;

/** A token that says who this job is, and what it says. It is a secret for as long as it lives. */
export interface IdentityToken {
  text: string;
  subject: string;
  /** `public`, `private` or `internal`; null when the token does not say. */
  visibility: string | null;
}

/** The audience both instances of Sigstore accept. */
const audience = "sigstore";

const notAllowed = (): UserError =>
  new UserError([
    {
      code: "signing.no-oidc",
      message: "this job may not ask for an identity token, so nothing can be signed without a key",
      hint: "Add to the job that runs modelgate, and to the job that calls its workflow: permissions: id-token: write. Outside GitHub Actions use signing.method key.",
    },
  ]);

/**
 * Asks GitHub for the job's identity token
 * (https://docs.github.com/actions/reference/security/oidc#methods-for-requesting-the-oidc-token).
 */
export async function identityToken(env: Env, signal: AbortSignal): Promise<IdentityToken> {
  const { ACTIONS_ID_TOKEN_REQUEST_URL: address, ACTIONS_ID_TOKEN_REQUEST_TOKEN: secret } = env;
  if (!address || !secret) throw notAllowed();
  const service = { name: "GitHub's identity tokens", during: "asking for an identity token", secret };
  const url = new URL(address);
  url.searchParams.set("audience", audience);
  const reply = await ask(service, { url, headers: { authorization: `Bearer ${secret}` } }, signal);
  const token = tokenIn(accepted(service, reply));
  if (token) return token;
  throw failed(service, "its answer holds no token", false);
}

const claims = z.object({ sub: z.string().min(1), repository_visibility: z.string().nullable().default(null) });

/** The token of an answer. Its claims are not checked here: whoever it is for checks them. */
function tokenIn(body: Buffer): IdentityToken | null {
  try {
    const { value } = z.object({ value: z.string() }).parse(JSON.parse(body.toString("utf8")));
    const payload = Buffer.from(value.split(".")[1] ?? "", "base64url").toString("utf8");
    const { sub, repository_visibility } = claims.parse(JSON.parse(payload));
    return { text: value, subject: sub, visibility: repository_visibility };
  } catch {
    return null;
  }
}
