import { WorldError } from "../../../domain/problem.ts";

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

/** A name and a secret; the name `<token>` says that the secret is an identity token. */
export interface Credentials {
  username: string;
  password: string;
}

/** Docker keeps Docker Hub under this name. */
const dockerHubKey = "https://index.docker.io/v1/";

const keysOf = (host: string): string[] =>
  ["docker.io", "index.docker.io", "registry-1.docker.io"].includes(host)
    ? [dockerHubKey, "docker.io", "index.docker.io"]
    : [host, `https://${host}`, `http://${host}`, `https://${host}/v1/`, `https://${host}/v2/`];

const failed = (helper: string, host: string, why: string): WorldError =>
  new WorldError(
    {
      code: "registry.denied",
      message: `docker-credential-${helper}, which Docker's config.json names for ${host}, ${why}`,
      hint: "Install the helper or repair it, or log in again with docker login.",
    },
    { side: `credential helper ${helper}`, during: `asking for the login to ${host}`, retryable: false },
  );

/** Asks a credential helper (protocol: docker-credential-helpers, `get`). @returns null when it has none for the host. */
async function fromHelper(helper: string, key: string, run: RunHelper): Promise<Credentials | null> {
  if (!/^[a-z0-9-]+$/i.test(helper)) throw failed(helper, key, "is not a helper's name");
  const { stdout, exitCode } = await run(`docker-credential-${helper}`, ["get"], key);
  if (exitCode === 127) throw failed(helper, key, "cannot be started");
  if (exitCode !== 0) {
    if (/credentials not found/i.test(stdout)) return null;
    throw failed(helper, key, `failed with exit code ${exitCode}`);
  }
  try {
    const { Username, Secret } = JSON.parse(stdout) as { Username?: unknown; Secret?: unknown };
    if (typeof Username === "string" && typeof Secret === "string") return { username: Username, password: Secret };
  } catch {
    // What a helper printed is never shown: it may be the secret.
  }
  throw failed(helper, key, "did not answer with a name and a secret");
}

/**
 * The credentials Docker would use for a host: its own helper, the store, then what is written in the file.
 * @returns null for anonymous access. @throws WorldError `registry.denied` when a helper fails for another reason than having none.
 */
export async function dockerCredentials(
  config: DockerConfig,
  host: string,
  run: RunHelper,
): Promise<Credentials | null> {
  const keys = keysOf(host);
  const helper = keys.map((key) => config.credHelpers?.[key]).find((name) => name !== undefined) ?? config.credsStore;
  const found = helper ? await fromHelper(helper, keys[0]!, run) : null;
  if (found) return found;
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
