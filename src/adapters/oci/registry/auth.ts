import { readBody, send } from "./transport.ts";

/** What `~/.docker/config.json` says of registries. */
export interface DockerConfig {
  auths?: Record<string, { auth?: string; username?: string; password?: string; identitytoken?: string }>;
  credHelpers?: Record<string, string>;
  credsStore?: string;
}

/** Runs `docker-credential-<helper> get` with the host on standard input. */
export type RunHelper = (
  command: string,
  words: readonly string[],
  input: string,
) => Promise<{ stdout: string; exitCode: number }>;

export interface Credentials {
  username: string;
  password: string;
}

/** Docker keeps Docker Hub under this name. */
const dockerHubKey = "https://index.docker.io/v1/";

const keysOf = (host: string): string[] =>
  host === "docker.io" || host === "registry-1.docker.io"
    ? [dockerHubKey, "docker.io", "index.docker.io"]
    : [host, `https://${host}`, `http://${host}`, `https://${host}/v1/`, `https://${host}/v2/`];

/**
 * The credentials Docker would use for a host: its own helper, the store, then what is written in the file.
 * @returns null for anonymous access. @throws RangeError when a helper fails for another reason than having none.
 */
export async function dockerCredentials(
  config: DockerConfig,
  host: string,
  run: RunHelper,
): Promise<Credentials | null> {
  const keys = keysOf(host);
  const helper = keys.map((key) => config.credHelpers?.[key]).find((name) => name !== undefined) ?? config.credsStore;
  if (helper !== undefined && /^[a-z0-9-]+$/i.test(helper)) {
    const { stdout, exitCode } = await run(`docker-credential-${helper}`, ["get"], keys[0]!);
    if (exitCode === 0) {
      const found = JSON.parse(stdout) as { Username: string; Secret: string };
      return { username: found.Username, password: found.Secret };
    }
    if (!/not found/i.test(stdout))
      throw new RangeError(`docker-credential-${helper} failed for ${host} with exit code ${exitCode}`);
  }
  const entry = keys.map((key) => config.auths?.[key]).find((auth) => auth !== undefined);
  if (!entry) return null;
  if (entry.identitytoken) return { username: "<token>", password: entry.identitytoken };
  if (entry.auth) {
    const text = Buffer.from(entry.auth, "base64").toString("utf8");
    const colon = text.indexOf(":");
    return colon < 0 ? null : { username: text.slice(0, colon), password: text.slice(colon + 1) };
  }
  return entry.username && entry.password ? { username: entry.username, password: entry.password } : null;
}

/** A `WWW-Authenticate` challenge: its scheme and parameters (RFC 9110, section 11.6.1). */
export function parseChallenge(header: string): { scheme: string; parameters: Record<string, string> } {
  const [, scheme = "", rest = ""] = /^\s*(\w+)\s*(.*)$/s.exec(header) ?? [];
  const parameters: Record<string, string> = {};
  for (const [, name, quoted, bare] of rest.matchAll(/(\w+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,]+))/g))
    parameters[name!.toLowerCase()] = (quoted ?? bare ?? "").replaceAll(/\\(.)/g, "$1");
  return { scheme: scheme.toLowerCase(), parameters };
}

interface Token {
  value: string;
  /** On the monotonic clock. */
  expires: number;
}

/** The `Authorization` header for a registry: made from its challenge, kept until shortly before a token expires. */
export class Authorization {
  readonly #credentials: () => Promise<Credentials | null>;
  #challenge: ReturnType<typeof parseChallenge> | null = null;
  #tokens = new Map<string, Token>();

  constructor(credentials: () => Promise<Credentials | null>) {
    this.#credentials = credentials;
  }

  /** Takes the challenge of a 401. @returns whether there is anything new to try. */
  challenged(header: string | undefined, scopes: readonly string[]): boolean {
    if (header === undefined) return false;
    const known = this.#challenge !== null;
    this.#challenge = parseChallenge(header);
    const hadToken = this.#tokens.delete(scopes.join(" "));
    return !known || hadToken;
  }

  /** The header's value for the scopes, or null when none is asked for. A token is refreshed before it expires. */
  async header(scopes: readonly string[], signal: AbortSignal): Promise<string | null> {
    if (!this.#challenge) return null;
    const credentials = await this.#credentials();
    const basic =
      credentials && `Basic ${Buffer.from(`${credentials.username}:${credentials.password}`).toString("base64")}`;
    if (this.#challenge.scheme === "basic") return basic;
    if (this.#challenge.scheme !== "bearer") return null;
    const key = scopes.join(" ");
    const kept = this.#tokens.get(key);
    if (kept && kept.expires > performance.now()) return `Bearer ${kept.value}`;
    const token = await this.#fetchToken(scopes, credentials, signal);
    this.#tokens.set(key, token);
    return `Bearer ${token.value}`;
  }

  /** Docker Registry v2 token authentication: GET, or OAuth2 POST for an identity token. */
  async #fetchToken(scopes: readonly string[], credentials: Credentials | null, signal: AbortSignal): Promise<Token> {
    const { realm = "", service } = this.#challenge!.parameters;
    const url = new URL(realm);
    const identity = credentials?.username === "<token>";
    const fields = new URLSearchParams();
    if (service) fields.set("service", service);
    for (const scope of scopes) fields.append("scope", scope);
    if (identity) {
      fields.set("grant_type", "refresh_token");
      fields.set("refresh_token", credentials.password);
      fields.set("client_id", "modelgate");
    } else for (const [name, value] of fields) url.searchParams.append(name, value);
    const form = Buffer.from(fields.toString());
    const basic =
      credentials && !identity
        ? {
            authorization: `Basic ${Buffer.from(`${credentials.username}:${credentials.password}`).toString("base64")}`,
          }
        : {};
    const answer = await send(
      identity
        ? {
            method: "POST",
            url,
            headers: { "content-type": "application/x-www-form-urlencoded" },
            body: {
              size: form.length,
              async *open() {
                yield form;
              },
            },
          }
        : { method: "GET", url, headers: basic },
      signal,
    );
    const body = await readBody(answer, 2 ** 20);
    if (answer.statusCode !== 200) throw new RangeError(`the token service ${url.host} answered ${answer.statusCode}`);
    const parsed = JSON.parse(body.toString("utf8")) as { token?: string; access_token?: string; expires_in?: number };
    const value = parsed.token ?? parsed.access_token;
    if (!value) throw new RangeError(`the token service ${url.host} sent no token`);
    return { value, expires: performance.now() + Math.max(5, (parsed.expires_in ?? 60) - 10) * 1000 };
  }
}
