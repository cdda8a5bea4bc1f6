import { detect, protocols } from "../adapters/protocols/index.ts";
import type { Workshop } from "../commands/workshop.ts";
import type { Dialect } from "../domain/dialect.ts";
import { UserError, WorldError } from "../domain/problem.ts";
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
  /** Header → the variable that holds its value; null: requests carry none. */
  access: Readonly<Record<string, string>> | null;
  dialect: Dialect;
}

/** @throws UserError `config.value` for what the protocol does not heed. */
function checkDialect({ kind, takes = [] }: Protocol, { access: _access, ...dialect }: RequestOptions): void {
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
function asking(protocol: Protocol, options: RequestOptions): Protocol {
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
        [Symbol.asyncDispose]: () => session[Symbol.asyncDispose](),
      };
    },
    faults: (endpoint, model, good) => faults(endpoint, model, good, options).map(quiet),
    badRequest: (endpoint, model, request) => quiet(badRequest(endpoint, model, request, options)),
  };
}

/** How models are asked: with the credentials of the configuration, and as a stranger where it has some. */
export function wireProtocols(
  { access, dialect }: Asked,
  env: Readonly<Record<string, string>>,
): Pick<Workshop, "protocol" | "stranger" | "detect"> {
  const stranger = (kind: string): Protocol => asking(protocolNamed(kind), dialect);
  const known = (): Access => accessOf(access ?? {}, env);
  return {
    stranger: access === null ? () => null : stranger,
    protocol: (kind) => asking(protocolNamed(kind), { ...dialect, access: known() }),
    async detect(endpoint, model, signal) {
      const headers = known();
      return quietly(hiding(headers), () => detect(endpoint, model, { access: headers }, signal));
    },
  };
}
