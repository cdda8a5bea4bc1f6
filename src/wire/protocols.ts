import { protocols } from "../adapters/protocols/index.ts";
import type { Workshop } from "../commands/workshop.ts";
import { UserError } from "../domain/problem.ts";
import type { Access, Protocol } from "../ports/protocol.ts";

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

/** How models are asked: with the credentials of the configuration, and as a stranger where it has some. */
export function wireProtocols(
  headers: Readonly<Record<string, string>> | null,
  env: Readonly<Record<string, string>>,
): Pick<Workshop, "protocol" | "stranger"> {
  if (headers === null) return { protocol: protocolNamed, stranger: () => null };
  return {
    stranger: protocolNamed,
    protocol(kind) {
      const access = accessOf(headers, env);
      const { connect, faults, badRequest } = protocolNamed(kind);
      return {
        kind,
        connect: (endpoint, model) => connect(endpoint, model, access),
        faults: (endpoint, model, good) => faults(endpoint, model, good, access),
        badRequest: (endpoint, model, request) => badRequest(endpoint, model, request, access),
      };
    },
  };
}
