import { WorldError } from "../../../domain/problem.ts";
import type { Credentials } from "./credentials.ts";
import { readBody, send, sendRetried } from "./transport.ts";

/** A `WWW-Authenticate` challenge. */
export interface Challenge {
  scheme: string;
  parameters: Record<string, string>;
}

/**
 * The challenges of a `WWW-Authenticate` header (RFC 9110, section 11.6.1). A header may hold several, and parameters are
 * separated by the same commas as challenges: a word followed by no `=` begins a new one.
 */
export function parseChallenges(header: string): Challenge[] {
  const challenges: Challenge[] = [];
  for (const [, scheme, name, quoted, bare] of header
    .slice(0, 4096)
    .matchAll(/([\w-]+)(?=\s+[\w-]+\s*=|\s*(?:,|$))|([\w-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,]+))/g))
    if (scheme !== undefined) challenges.push({ scheme: scheme.toLowerCase(), parameters: {} });
    else {
      const last = challenges.at(-1);
      if (last) last.parameters[name!.toLowerCase()] = (quoted ?? bare ?? "").replaceAll(/\\(.)/g, "$1");
    }
  return challenges;
}

interface Token {
  value: string;
  /** On the monotonic clock, some time before the registry's own. */
  expires: number;
}

const basicOf = ({ username, password }: Credentials): string =>
  `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;

/** Seconds before its end that a token is no longer used: a request on its way must still find it valid. */
const margin = (seconds: number): number => Math.min(30, seconds / 4);

/** The `Authorization` header for a registry: made from its challenge, kept until shortly before a token expires. */
export class Authorization {
  readonly #credentials: () => Promise<Credentials | null>;
  readonly #registry: URL;
  #challenge: Challenge | null = null;
  readonly #tokens = new Map<string, Promise<Token>>();

  constructor(registry: URL, credentials: () => Promise<Credentials | null>) {
    this.#registry = registry;
    this.#credentials = credentials;
  }

  /** Takes the challenges of a 401: a token for the scopes that was used so far is no longer. */
  challenged(header: string | undefined, scopes: readonly string[]): void {
    const challenges = parseChallenges(header ?? "");
    this.#challenge =
      ["bearer", "basic"].map((scheme) => challenges.find((c) => c.scheme === scheme)).find(Boolean) ?? null;
    this.#tokens.delete(scopes.join(" "));
  }

  /** The header's value for the scopes, or null when there is nothing to say. A token is refreshed before it expires. */
  async header(scopes: readonly string[], signal: AbortSignal): Promise<string | null> {
    const challenge = this.#challenge;
    if (!challenge) return null;
    const credentials = await this.#credentials();
    if (challenge.scheme === "basic") return credentials && basicOf(credentials);
    const key = scopes.join(" ");
    const kept = await this.#tokens.get(key);
    if (kept && kept.expires > performance.now()) return `Bearer ${kept.value}`;
    // Requests that run beside each other ask for one token together.
    const asked = this.#fetchToken(challenge, { scopes, credentials }, signal);
    this.#tokens.set(key, asked);
    asked.catch(() => this.#tokens.delete(key));
    return `Bearer ${(await asked).value}`;
  }

  /** Docker Registry v2 token authentication: GET, or OAuth2 POST for an identity token. */
  async #fetchToken(
    { parameters: { realm = "", service } }: Challenge,
    { scopes, credentials }: { scopes: readonly string[]; credentials: Credentials | null },
    signal: AbortSignal,
  ): Promise<Token> {
    const url = this.#realm(realm);
    const identity = credentials?.username === "<token>";
    const fields = new URLSearchParams();
    if (service) fields.set("service", service);
    if (identity) fields.set("scope", scopes.join(" "));
    else for (const scope of scopes) fields.append("scope", scope);
    if (identity) {
      fields.set("grant_type", "refresh_token");
      fields.set("refresh_token", credentials.password);
      fields.set("client_id", "modelgate");
    } else for (const [name, value] of fields) url.searchParams.append(name, value);
    const form = Buffer.from(fields.toString());
    const body = {
      size: form.length,
      async *open() {
        yield form;
      },
    };
    const headers = { "content-type": "application/x-www-form-urlencoded" };
    const answer = await sendRetried(
      () =>
        identity
          ? send({ method: "POST", url, headers, body }, signal)
          : send(
              { method: "GET", url, ...(credentials && { headers: { authorization: basicOf(credentials) } }) },
              signal,
            ),
      signal,
    );
    return this.#tokenOf(answer.statusCode ?? 0, await readBody(answer, 2 ** 20), url);
  }

  /** The address of the token service. Credentials never leave in the clear because a registry says so. */
  #realm(realm: string): URL {
    const url = URL.canParse(realm) ? new URL(realm) : null;
    const safe = url?.protocol === "https:" || (url?.protocol === "http:" && this.#registry.protocol === "http:");
    if (url && safe) return url;
    throw this.#failed(`names "${realm}" as its token service, which is no https address`, false);
  }

  #tokenOf(status: number, body: Buffer, url: URL): Token {
    if (status !== 200) throw this.#failed(`has a token service, ${url.host}, which answered ${status}`, status >= 500);
    let parsed: { token?: unknown; access_token?: unknown; expires_in?: unknown };
    try {
      parsed = JSON.parse(body.toString("utf8")) as typeof parsed;
    } catch {
      throw this.#failed(`has a token service, ${url.host}, whose answer is not JSON`, false);
    }
    const value = parsed.token ?? parsed.access_token;
    if (typeof value !== "string" || value === "")
      throw this.#failed(`has a token service, ${url.host}, that sent no token`, false);
    const seconds = typeof parsed.expires_in === "number" ? parsed.expires_in : 60;
    return { value, expires: performance.now() + (seconds - margin(seconds)) * 1000 };
  }

  #failed(why: string, retryable: boolean): WorldError {
    return new WorldError(
      {
        code: "registry.denied",
        message: `${this.#registry.host} ${why}`,
        hint: "Log in: docker login, or docker/login-action before this step. For ghcr.io give the job packages: write.",
      },
      { side: `registry ${this.#registry.host}`, during: "asking for access", retryable },
    );
  }
}
