import { mkdtemp, rm, writeFile } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Answer, type Asked, answering, asked, close, listen, reply } from "./exchange.ts";
import type { Actor, Job, Permissions } from "./identity.ts";
import { createOidc, issuer, type Oidc } from "./oidc.ts";
import { createPackages, passOn } from "./packages.ts";
import { startProxy } from "./proxy.ts";
import { createRest, type Denied, type Violation } from "./rest.ts";
import { createRunnerService, runnerPaths } from "./runner.ts";
import { createSigstore, type Sigstore, sigstoreNames } from "./sigstore.ts";
import { emptyState, type Role, type State } from "./state.ts";

export type { Actor, Claims, Job, Level, Permissions } from "./identity.ts";
export { includes } from "./identity.ts";
export type { Denied, Violation } from "./rest.ts";
export * from "./state.ts";

/** One request that reached the fake, in the order in which they were answered. */
export interface LoggedCall {
  service: "api" | "runner" | "sigstore" | "packages" | "mirror";
  method: string;
  host: string;
  /** With the query. */
  path: string;
  body: unknown;
  status: number;
  /** `release.yml stage`, the login of a person, or null without a token. */
  by: string | null;
}

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

const describe = (actor: Actor | null): string | null =>
  actor?.kind === "job" ? `${actor.job.workflow} ${actor.job.job}` : (actor?.login ?? null);

function parsed(body: Buffer): unknown {
  try {
    return body.length === 0 ? undefined : JSON.parse(body.toString());
  } catch {
    return body.toString("base64");
  }
}

/** Slashes of a file's path are part of one parameter, which the description cannot say. */
const routed = (path: string): string =>
  path.replace(
    /^(\/repos\/[^/]+\/[^/]+\/contents\/)(.+)$/,
    (_, start: string, file: string) => start + file.replaceAll("/", "%2F"),
  );

/** Starts the fake: REST API, identity tokens, Sigstore, and the container registry's access rules. */
export async function startGitHub(options: GitHubOptions = {}): Promise<GitHub> {
  const folder = await mkdtemp(join(tmpdir(), "modelgate-github-"));
  const { repository = "acme/models", visibility = "private", mirrors = {}, registry } = options;
  const owner = repository.split("/")[0]!;
  const state = emptyState({
    repository,
    visibility,
    defaultBranch: options.defaultBranch ?? "main",
    collaborators: { [owner]: "admin", ...options.collaborators },
    defaultPermissions: options.defaultPermissions ?? { contents: "read", packages: "read" },
  });
  const log: LoggedCall[] = [];
  const jobs = new Map<string, Job>();
  const persons = new Map<string, string>();

  function actorOf(token: string): Actor | null {
    const job = jobs.get(token);
    if (job) return { kind: "job", login: "github-actions[bot]", job };
    const login = persons.get(token);
    return login === undefined ? null : { kind: "person", login, bot: login.endsWith("[bot]") };
  }
  const actorIn = (headers: IncomingMessage["headers"]): Actor | null =>
    actorOf(/^(?:bearer|token) (\S+)$/i.exec(headers.authorization ?? "")?.[1] ?? "");

  const oidc = options.like?.oidc ?? (await createOidc());
  const sigstore = options.like?.sigstore ?? (await createSigstore(oidc.keys));

  function note(service: LoggedCall["service"], request: Asked, status: number, by: string | null): void {
    const { method, host, url } = request;
    log.push({ service, method, host, path: url.pathname + url.search, body: parsed(request.body), status, by });
  }

  async function api(request: Asked): Promise<Answer> {
    const ofRunner = await runner.handle(request);
    const actor = actorIn(request.headers);
    const { method, url, body } = request;
    const query = Object.fromEntries(url.searchParams);
    const path = routed(url.pathname);
    const answer = ofRunner ?? (await rest.handle({ method, path, query, body: parsed(body), actor }));
    note(ofRunner ? "runner" : "api", request, answer.status, describe(actor));
    return answer;
  }

  const apiServer = answering(api);
  const apiUrl = `http://127.0.0.1:${await listen(apiServer)}`;
  const rest = await createRest(state, apiUrl);
  const runner = createRunnerService(state, { oidc, denied: rest.denied, jobOf: (token) => jobs.get(token) ?? null });
  const packages =
    registry === undefined
      ? null
      : createPackages(state, {
          actorOf,
          denied: rest.denied,
          registry,
          public: (options.packages ?? visibility) === "public",
        });

  async function behindProxy(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const host = (request.headers.host ?? "").replace(/:\d+$/, "");
    const mirror = mirrors[host];
    if (mirror !== undefined || (host === "ghcr.io" && packages)) {
      const { method = "", url: path = "", headers } = request;
      const service = mirror === undefined ? "packages" : "mirror";
      response.on("finish", () =>
        log.push({
          service,
          method,
          host,
          path,
          body: null,
          status: response.statusCode,
          by: describe(actorIn(headers)),
        }),
      );
      return mirror === undefined ? packages!.handle(request, response) : passOn(request, response, mirror);
    }
    const whole = await asked(request);
    const answer = host === new URL(issuer).host ? discovery(whole.url.pathname) : await sigstore.handle(whole);
    note("sigstore", whole, answer.status, null);
    reply(response, answer);
  }

  const discovery = (path: string): Answer => ({
    status: 200,
    body: path.endsWith("jwks") ? { keys: oidc.keys } : { issuer, jwks_uri: `${issuer}/.well-known/jwks` },
  });

  const names = [...sigstoreNames, new URL(issuer).host, ...(packages ? ["ghcr.io"] : []), ...Object.keys(mirrors)];
  const proxy = await startProxy(folder, names, (request, response) => {
    behindProxy(request, response).catch((error: unknown) =>
      reply(response, { status: 500, body: { message: String(error) } }),
    );
  });
  const trustedRootFile = join(folder, "trusted_root.json");
  await writeFile(trustedRootFile, JSON.stringify(sigstore.trustedRoot, null, 2));

  const outward = {
    HTTPS_PROXY: proxy.url,
    https_proxy: proxy.url,
    NO_PROXY: "127.0.0.1,localhost",
    no_proxy: "127.0.0.1,localhost",
  };
  return {
    apiUrl,
    environment: {
      ...outward,
      GITHUB_API_URL: apiUrl,
      GITHUB_GRAPHQL_URL: `${apiUrl}/graphql`,
      NODE_EXTRA_CA_CERTS: proxy.authority,
      // Without it Node's own fetch would pass the proxy by, and what it asks for would not be seen.
      NODE_USE_ENV_PROXY: "1",
    },
    engineEnvironment: { ...outward, SSL_CERT_FILE: proxy.authority },
    identityEnvironment: ({ token }) => ({
      ACTIONS_ID_TOKEN_REQUEST_URL: `${apiUrl}${runnerPaths.token}?api-version=2.0`,
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: token,
    }),
    state,
    oidc,
    sigstore,
    log,
    calls: () =>
      log
        .filter(({ service, by }) => service === "api" && (by === null || by.includes(" ")))
        .map(({ method, path, status }) => `${method} ${path} ${status}`),
    violations: rest.violations,
    denied: rest.denied,
    refused: proxy.refused,
    trustedRootFile,
    startRun(run) {
      jobs.clear();
      for (const job of run) jobs.set(job.token, job);
    },
    async as(login, method, path, body) {
      const token = `ghp_${login}`;
      persons.set(token, login);
      const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
      const answer = await fetch(`${apiUrl}${path}`, { method, headers, ...(body && { body: JSON.stringify(body) }) });
      const text = await answer.text();
      if (!answer.ok) throw new Error(`${method} ${path} as ${login}: ${answer.status} ${text}`);
      return text === "" ? undefined : JSON.parse(text);
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([close(apiServer), proxy[Symbol.asyncDispose]()]);
      await rm(folder, { recursive: true, force: true });
    },
  };
}
