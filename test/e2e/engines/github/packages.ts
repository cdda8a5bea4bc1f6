import { randomUUID } from "node:crypto";
import { request as httpRequest, type IncomingMessage, type ServerResponse } from "node:http";
import { reply } from "./exchange.ts";
import { type Actor, includes } from "./identity.ts";
import type { Denied } from "./rest.ts";
import type { State } from "./state.ts";

/** The container registry ghcr.io: GitHub's access rules before a real registry. */
export interface Packages {
  handle(request: IncomingMessage, response: ServerResponse): void;
}

interface Access {
  /** Of a token; null: nobody. */
  actorOf(token: string): Actor | null;
  denied: Denied[];
  /** Host of the registry that keeps the content. */
  registry: string;
  /** Whether everyone may read. */
  public: boolean;
}

const name = "ghcr.io";
const challenge = {
  "www-authenticate": `Bearer realm="https://${name}/token",service="${name}",scope="repository:user/image:pull"`,
};

const refusal = (status: 401 | 403, message: string) => ({
  status,
  body: { errors: [{ code: status === 401 ? "UNAUTHORIZED" : "DENIED", message }] },
  ...(status === 401 && { headers: challenge }),
});

/** Passes a request on to a registry as it is. The registry makes its addresses from the name it was asked by. */
export function passOn(request: IncomingMessage, response: ServerResponse, registry: string): void {
  const [hostname, port] = registry.split(":");
  const { authorization: _, ...headers } = request.headers;
  const options = { hostname, port, method: request.method, path: request.url };
  const onward = httpRequest({ ...options, headers: { ...headers, "x-forwarded-proto": "https" } }, (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(response);
  });
  onward.on("error", (error) => {
    if (response.headersSent) response.destroy();
    else reply(response, refusal(403, `the registry behind the fake does not answer: ${error.message}`));
  });
  response.on("close", () => onward.destroy());
  request.pipe(onward);
}

export function createPackages(state: State, access: Access): Packages {
  const issued = new Map<string, Actor | null>();

  /** Docker's token service: a name and a password for a token that names nobody. */
  function token(request: IncomingMessage, response: ServerResponse): void {
    const [, encoded] = /^Basic (.+)$/.exec(request.headers.authorization ?? "") ?? [];
    const password =
      encoded === undefined
        ? null
        : Buffer.from(encoded, "base64")
            .toString()
            .replace(/^[^:]*:/, "");
    const actor = password === null ? null : access.actorOf(password);
    if (password !== null && !actor) return reply(response, refusal(403, "denied: denied"));
    const value = `packages-${randomUUID()}`;
    issued.set(value, actor);
    reply(response, { status: 200, body: { token: value, expires_in: 300 } });
  }

  function mayDo(actor: Actor | null, wanted: "read" | "write", request: IncomingMessage): boolean {
    if (wanted === "read" && access.public) return true;
    if (!actor) return false;
    if (actor.kind === "person") return state.collaborators.has(actor.login);
    if (includes(actor.job.permissions["packages"], wanted)) return true;
    const job = `${actor.job.workflow} ${actor.job.job}`;
    access.denied.push({ job, operation: `packages ${request.method}`, needs: `packages: ${wanted}` });
    return false;
  }

  function handle(request: IncomingMessage, response: ServerResponse): void {
    const { pathname } = new URL(request.url ?? "/", `https://${name}`);
    if (pathname === "/token") return token(request, response);
    const bearer = /^Bearer (\S+)$/i.exec(request.headers.authorization ?? "")?.[1] ?? "";
    if (!issued.has(bearer)) return reply(response, refusal(401, "authentication required"));
    const wanted = request.method === "GET" || request.method === "HEAD" ? "read" : "write";
    const [owner] = state.repository.split("/");
    const isOurs = pathname === "/v2/" || pathname.startsWith(`/v2/${owner}/`);
    if (!isOurs || !mayDo(issued.get(bearer) ?? null, wanted, request))
      return reply(response, refusal(403, `permission_denied: ${wanted}_package`));
    passOn(request, response, access.registry);
  }

  return { handle };
}
