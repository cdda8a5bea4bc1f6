import type { IncomingMessage, ServerResponse } from "node:http";
import { type Answer, asked, reply } from "./exchange.ts";
import { type LoggedCall, logged } from "./log.ts";
import { issuer, type Oidc } from "./oidc.ts";
import { type Packages, passOn } from "./packages.ts";
import { type Sigstore, sigstoreNames } from "./sigstore.ts";

/** The services that are found under their real names, behind the proxy. */
export interface Outside {
  names: string[];
  handle(request: IncomingMessage, response: ServerResponse): void;
}

interface Services {
  oidc: Oidc;
  sigstore: Sigstore;
  /** ghcr.io, where there is a registry behind it. */
  packages: Packages | null;
  /** Other registries' names → host:port of a registry. */
  mirrors: Readonly<Record<string, string>>;
  log: LoggedCall[];
}

const identityProvider = new URL(issuer).host;

export function createOutside({ oidc, sigstore, packages, mirrors, log }: Services): Outside {
  const discovery = (path: string): Answer => ({
    status: 200,
    body: path.endsWith("jwks") ? { keys: oidc.keys } : { issuer, jwks_uri: `${issuer}/.well-known/jwks` },
  });

  /** Images are passed on as they come. @returns whether the name is a registry's. */
  function isImages(host: string, request: IncomingMessage, response: ServerResponse): boolean {
    const mirror = mirrors[host];
    if (mirror === undefined && host !== "ghcr.io") return false;
    const { method = "", url: path = "" } = request;
    const service = mirror === undefined ? "packages" : "mirror";
    response.on("finish", () =>
      log.push({ service, method, host, path, body: undefined, status: response.statusCode, by: null }),
    );
    if (mirror === undefined) packages!.handle(request, response);
    else passOn(request, response, mirror);
    return true;
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const host = (request.headers.host ?? "").replace(/:\d+$/, "");
    if (isImages(host, request, response)) return;
    const whole = await asked(request);
    const said = host === identityProvider ? discovery(whole.url.pathname) : await sigstore.handle(whole);
    log.push(logged("sigstore", whole, { status: said.status, by: null }));
    reply(response, said);
  }

  return {
    names: [...sigstoreNames, identityProvider, ...(packages ? ["ghcr.io"] : []), ...Object.keys(mirrors)],
    handle(request, response) {
      answer(request, response).catch((error: unknown) =>
        reply(response, { status: 500, body: { message: String(error) } }),
      );
    },
  };
}
