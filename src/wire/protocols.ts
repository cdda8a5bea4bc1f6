import { readFileSync } from "node:fs";
import { detect, protocols } from "../adapters/protocols/index.ts";
import { startCrew, threadsHere } from "../adapters/system/threads.ts";
import type { Workshop } from "../commands/workshop.ts";
import type { Config } from "../config/config.ts";
import type { Dialect } from "../domain/dialect.ts";
import { UserError, WorldError } from "../domain/problem.ts";
import type { Endpoint } from "../domain/release.ts";
import type { Access, Fault, Protocol, RequestOptions } from "../ports/protocol.ts";

/** A protocol by kind. @throws UserError when there is none. */
function protocolNamed(kind: string): Protocol {
  if (Object.hasOwn(protocols, kind)) return protocols[kind as keyof typeof protocols];
  throw new UserError([
    {
      code: "release.unreadable",
      message: `the release speaks the protocol "${kind}"`,
      hint: `Known protocols: ${Object.keys(protocols).join(", ")}.`,
    },
  ]);
}

/** The values of the headers that a configuration names. @throws UserError for variables that are not set, or hold lines. */
function accessOf(headers: Readonly<Record<string, string>>, env: Readonly<Record<string, string>>): Access {
  const wrong = Object.entries(headers).filter(([, name]) => !/^[^\r\n]+$/.test(env[name] ?? ""));
  if (wrong.length === 0)
    return Object.fromEntries(Object.entries(headers).map(([header, name]) => [header, env[name]!]));
  throw new UserError(
    wrong.map(([header, name]) => ({
      code: "input.missing",
      message: `the variable ${name} is ${env[name] ? "of several lines" : "not set"}: access.headers.${header} takes its value from it`,
      hint: "Set it in the environment; in a workflow under env, from a secret.",
    })),
  );
}

/** Takes credentials out of what a server said: some repeat in an error what they were sent. */
function hiding(access: Access): (text: string) => string {
  const secrets = Object.values(access)
    .flatMap((value) => [value, value.slice(value.indexOf(" ") + 1)])
    .filter((secret) => secret.length > 0);
  return (text) => secrets.reduce((so, secret) => so.replaceAll(secret, "***"), text);
}

/** Does work whose failure is told without credentials. */
async function quietly<T>(hide: (text: string) => string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof WorldError)) throw error;
    const { problem, side, during, retryable, retryAfter } = error;
    throw new WorldError({ ...problem, message: hide(problem.message) }, { side, during, retryable, retryAfter });
  }
}

/** What a configuration says of requests, beside the protocol that the release names. */
export interface Asked {
  access: Config["access"];
  dialect: Dialect;
  /** A path of the configuration as an absolute one. */
  resolve: (path: string) => string;
  /** What a thread of the load generator runs. */
  threadFile: string;
}

/** A PEM text, or what a file holds. @throws UserError for a file that is not there. */
function pemOf(value: string, key: string): string {
  if (value.includes("-----BEGIN ")) return value;
  try {
    return readFileSync(value.trim(), "utf8");
  } catch {
    throw new UserError([
      {
        code: "config.not-found",
        message: `the file that access.tls.${key} names cannot be read`,
        hint: "Name a PEM file that is there; cert and key name variables that hold PEM text or the path of a file.",
        at: { file: "modelgate.yml", key: `access.tls.${key}` },
      },
    ]);
  }
}

/** What requests carry, with its secrets. @throws UserError for variables that are not set, and files that are not there. */
function requestOptions(
  { headers, host, tls }: NonNullable<Asked["access"]>,
  env: Readonly<Record<string, string>>,
  resolve: Asked["resolve"],
): RequestOptions {
  const { ca, client, serverName } = tls ?? { ca: null, client: null, serverName: null };
  const secret = (key: "cert" | "key"): string => {
    const value = env[client![key]];
    if (value) return pemOf(value, key);
    throw new UserError([
      {
        code: "input.missing",
        message: `the variable ${client![key]} is not set: access.tls.${key} takes its value from it`,
        hint: "Set it in the environment; in a workflow under env, from a secret.",
      },
    ]);
  };
  return {
    access: accessOf(headers, env),
    ...(host !== null && { host }),
    ...(tls && {
      tls: {
        ...(ca !== null && { ca: pemOf(resolve(ca), "ca") }),
        ...(client && { client: { cert: secret("cert"), key: secret("key") } }),
        ...(serverName !== null && { serverName }),
      },
    }),
  };
}

/** @throws UserError for an endpoint without TLS where the configuration relies on it. */
function checkTls({ url }: Endpoint, { tls }: RequestOptions): void {
  if (!tls || url.startsWith("https:")) return;
  throw new UserError([
    {
      code: "config.value",
      message: `access.tls is set, and ${url} is asked without TLS`,
      hint: "Remove access.tls, or deploy where the model answers at https://.",
      at: { file: "modelgate.yml", key: "access.tls" },
    },
  ]);
}

/** @throws UserError `config.value` for what the protocol does not heed, `config.missing` for what it cannot do without. */
function checkDialect({ kind, takes = [], needs }: Protocol, options: RequestOptions): void {
  const { access: _access, host: _host, tls: _tls, ...dialect } = options;
  if (needs !== undefined && dialect[needs] === undefined)
    throw new UserError([
      {
        code: "config.missing",
        message: `protocol.${needs} is missing: the release speaks the protocol ${kind}, which it describes`,
        hint: `Add protocol.${needs}; docs/runtimes.md has an example.`,
        at: { file: "modelgate.yml", key: "protocol" },
      },
    ]);
  const unheeded = Object.keys(dialect).filter((key) => !takes.includes(key as keyof Dialect));
  if (unheeded.length > 0)
    throw new UserError(
      unheeded.map((key) => ({
        code: "config.value",
        message: `protocol.${key} is set, and the protocol ${kind}, which the release speaks, does not take it`,
        hint: `Remove protocol.${key}, or serve the model with a protocol that takes it.`,
        at: { file: "modelgate.yml", key: `protocol.${key}` },
      })),
    );
}

/** A protocol whose requests are made as the configuration says. What a server says of credentials is hidden. */
function asking(protocol: Protocol, options: RequestOptions, threadFile: string): Protocol {
  const { kind, connect, faults, badRequest } = protocol;
  checkDialect(protocol, options);
  const hide = hiding(options.access ?? {});
  const quiet = ({ send, ...fault }: Fault): Fault => ({
    ...fault,
    async send(signal) {
      const { status, body } = await quietly(hide, () => send(signal));
      return { status, body: hide(body) };
    },
  });
  return {
    kind,
    connect(endpoint, model) {
      checkTls(endpoint, options);
      const session = connect(endpoint, model, options);
      return {
        async ready(signal) {
          const { ready, detail } = await quietly(hide, () => session.ready(signal));
          return { ready, detail: hide(detail) };
        },
        metadata: (signal) => quietly(hide, () => session.metadata(signal)),
        prepare(inputs, id) {
          const call = session.prepare(inputs, id);
          return { send: (signal) => quietly(hide, () => call.send(signal)) };
        },
        hire(calls, wanted) {
          const threads = threadsHere(wanted);
          return threads > 1 ? startCrew(threadFile, threads, { kind, endpoint, model, options, ...calls }) : null;
        },
        [Symbol.asyncDispose]: () => session[Symbol.asyncDispose](),
      };
    },
    faults: (endpoint, model, good) => faults(endpoint, model, good, options).map(quiet),
    badRequest: (endpoint, model, request) => quiet(badRequest(endpoint, model, request, options)),
  };
}

/** How models are asked: with the credentials of the configuration, and as a stranger where it has some. */
export function wireProtocols(
  { access, dialect, resolve, threadFile }: Asked,
  env: Readonly<Record<string, string>>,
): Pick<Workshop, "protocol" | "stranger" | "detect"> {
  let made: RequestOptions | null = null;
  // Made when it is asked for: commands that ask no model need no credentials.
  const known = (): RequestOptions => (made ??= { ...dialect, ...(access && requestOptions(access, env, resolve)) });
  const nobody = (kind: string): Protocol => {
    const { access: _credentials, tls, ...rest } = known();
    const { client: _client, ...trust } = tls ?? {};
    return asking(protocolNamed(kind), { ...rest, ...(tls && { tls: trust }) }, threadFile);
  };
  const isKnown = access !== null && (Object.keys(access.headers).length > 0 || access.tls?.client);
  return {
    stranger: isKnown ? nobody : () => null,
    protocol: (kind) => asking(protocolNamed(kind), known(), threadFile),
    async detect(endpoint, model, signal) {
      const options = known();
      checkTls(endpoint, options);
      return quietly(hiding(options.access ?? {}), () => detect(endpoint, model, options, signal));
    },
  };
}
