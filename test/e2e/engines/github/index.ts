import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Answer, type Asked, answering, close, listen } from "./exchange.ts";
import type { Job, Permissions } from "./identity.ts";
import { callsOf, type LoggedCall, logged, readable } from "./log.ts";
import { createOidc, type Oidc } from "./oidc.ts";
import { createOutside } from "./outside.ts";
import { createPackages } from "./packages.ts";
import { startProxy } from "./proxy.ts";
import { createRest, type Denied, type Rest, type Violation } from "./rest.ts";
import { createRunnerService, type RunnerService, runnerPaths } from "./runner.ts";
import { createSigstore, type Sigstore } from "./sigstore.ts";
import { emptyState, type Role, type State } from "./state.ts";
import { nameOf, Tokens } from "./tokens.ts";

export type { Claims, Job, Level, Permissions } from "./identity.ts";
export { includes } from "./identity.ts";
export { callsOf, type LoggedCall } from "./log.ts";
export type { Denied, Violation } from "./rest.ts";
export * from "./state.ts";

export interface GitHubOptions {
  /** owner/name; default acme/models. */
  repository?: string;
  /** default private. */
  visibility?: "public" | "private";
  defaultBranch?: string;
  /** Login → role; the owner has admin. */
  collaborators?: Readonly<Record<string, Role>>;
  /** What a job may do when its workflow says nothing of permissions; default GitHub's for new repositories. */
  defaultPermissions?: Permissions;
  /** host:port of the registry that keeps what is pushed to ghcr.io; without one ghcr.io is a refused host. */
  registry?: string;
  /** Whether everyone may read the packages; default: as the repository. */
  packages?: "public" | "private";
  /** Other registries' names → host:port of a registry that serves what is read from them. */
  mirrors?: Readonly<Record<string, string>>;
  /** Another repository on the same GitHub: identity tokens and certificates are made by the same authorities. */
  like?: Pick<GitHub, "oidc" | "sigstore">;
}

/** A fake of the parts of GitHub that a workflow talks to. It binds nothing but the loopback address. */
export interface GitHub extends AsyncDisposable {
  apiUrl: string;
  /** What every job's environment has: the API's address, the proxy and the authority its certificates are made by. */
  environment: Readonly<Record<string, string>>;
  /** What a Docker engine needs in its environment to pull from ghcr.io and the mirrors. */
  engineEnvironment: Readonly<Record<string, string>>;
  /** Of a job with `id-token: write`. */
  identityEnvironment(job: Job): Readonly<Record<string, string>>;
  state: State;
  oidc: Oidc;
  sigstore: Sigstore;
  log: LoggedCall[];
  /** Calls of the REST API as `POST /repos/…/deployments 201`, in order; those of persons are left out. */
  calls(): string[];
  violations: Violation[];
  denied: Denied[];
  /** host:port of what jobs asked the proxy for and were refused. */
  refused: string[];
  /** Path of a trusted_root.json for the fake's certificates, timestamps and log. */
  trustedRootFile: string;
  /** Makes the tokens of a run's jobs valid; those of earlier runs end. */
  startRun(jobs: readonly Job[]): void;
  /** Calls the API in a person's name. A login that ends in [bot] is an app. @throws Error unless it answers 2xx. */
  as(login: string, method: string, path: string, body?: object): Promise<unknown>;
}

/** Slashes of a file's path are part of one parameter, which the description cannot say. */
const routed = (path: string): string =>
  path.replace(
    /^(\/repos\/[^/]+\/[^/]+\/contents\/)(.+)$/,
    (_, start: string, file: string) => start + file.replaceAll("/", "%2F"),
  );

/** What is asked of the API's address: the API itself, and what GitHub does for its runners. */
async function answerApi(
  request: Asked,
  { runner, rest, tokens, log }: { runner: RunnerService; rest: Rest; tokens: Tokens; log: LoggedCall[] },
): Promise<Answer> {
  const ofRunner = await runner.handle(request);
  const actor = tokens.sender(request.headers);
  const { method, url } = request;
  const query = Object.fromEntries(url.searchParams);
  const call = { method, path: routed(url.pathname), query, body: readable(request.body), actor };
  const answer = ofRunner ?? (await rest.handle(call));
  log.push(logged(ofRunner ? "runner" : "api", request, { status: answer.status, by: nameOf(actor) }));
  return answer;
}

/** Calls the API in a person's name. */
async function callAs(token: string, url: string, method: string, body?: object): Promise<unknown> {
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
  const answer = await fetch(url, { method, headers, ...(body && { body: JSON.stringify(body) }) });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${method} ${url}: ${answer.status} ${text}`);
  return text === "" ? undefined : JSON.parse(text);
}

function stateFrom(options: GitHubOptions): State {
  const { repository = "acme/models", visibility = "private", defaultBranch = "main", collaborators } = options;
  return emptyState({
    ...{ repository, visibility, defaultBranch },
    collaborators: { [repository.split("/")[0]!]: "admin", ...collaborators },
    defaultPermissions: options.defaultPermissions ?? { contents: "read", packages: "read" },
  });
}

/** Where HTTPS goes: through the proxy, but for loopback. */
function outward(proxy: string): Record<string, string> {
  const without = "127.0.0.1,localhost";
  return { HTTPS_PROXY: proxy, https_proxy: proxy, NO_PROXY: without, no_proxy: without };
}

/** Starts the fake: REST API, identity tokens, Sigstore, and the container registry's access rules. */
export async function startGitHub(options: GitHubOptions = {}): Promise<GitHub> {
  const { registry, mirrors = {} } = options;
  const [state, tokens, log] = [stateFrom(options), new Tokens(), [] as LoggedCall[]];
  const oidc = options.like?.oidc ?? (await createOidc());
  const sigstore = options.like?.sigstore ?? (await createSigstore(oidc.keys));

  const server = answering((request) => answerApi(request, { runner, rest, tokens, log }));
  const apiUrl = `http://127.0.0.1:${await listen(server)}`;
  const rest = await createRest(state, apiUrl);
  const { denied, violations } = rest;
  const runner = createRunnerService(state, { oidc, denied, jobOf: (token) => tokens.job(token) });
  const isPublic = (options.packages ?? state.visibility) === "public";
  const access = { actorOf: (token: string) => tokens.actor(token), denied, public: isPublic };
  const packages = registry === undefined ? null : createPackages(state, { ...access, registry });

  const folder = await mkdtemp(join(tmpdir(), "modelgate-github-"));
  const outside = createOutside({ oidc, sigstore, packages, mirrors, log });
  const proxy = await startProxy(folder, outside.names, outside.handle);
  const trustedRootFile = join(folder, "trusted_root.json");
  await writeFile(trustedRootFile, JSON.stringify(sigstore.trustedRoot, null, 2));

  return {
    ...{ apiUrl, state, oidc, sigstore, log, violations, denied, refused: proxy.refused, trustedRootFile },
    environment: {
      ...outward(proxy.url),
      GITHUB_API_URL: apiUrl,
      GITHUB_GRAPHQL_URL: `${apiUrl}/graphql`,
      NODE_EXTRA_CA_CERTS: proxy.authority,
      // Without it Node's own fetch would pass the proxy by, and what it asks for would not be seen.
      NODE_USE_ENV_PROXY: "1",
    },
    engineEnvironment: { ...outward(proxy.url), SSL_CERT_FILE: proxy.authority },
    identityEnvironment: ({ token }) => ({
      ACTIONS_ID_TOKEN_REQUEST_URL: `${apiUrl}${runnerPaths.token}?api-version=2.0`,
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: token,
    }),
    calls: () => callsOf(log),
    startRun: (jobs) => tokens.startRun(jobs),
    as: (login, method, path, body) => callAs(tokens.ofPerson(login), `${apiUrl}${path}`, method, body),
    async [Symbol.asyncDispose]() {
      await Promise.all([close(server), proxy[Symbol.asyncDispose]()]);
      await rm(folder, { recursive: true, force: true });
    },
  };
}
