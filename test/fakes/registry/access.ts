import type { IncomingMessage } from "node:http";
import type { Switches } from "./switches.ts";

interface Granted {
  scopes: readonly string[];
  uses: number;
}

/** The token service of a fake registry, and the check of what a request brings. */
export class Access {
  readonly #switches: Switches;
  readonly #tokens = new Map<string, Granted>();
  /** Scopes of each token given, in order. */
  readonly given: (readonly string[])[] = [];

  constructor(switches: Switches) {
    this.#switches = switches;
  }

  /** @returns the challenge for a request that may not do what it asks, or null. */
  challenge(request: IncomingMessage, wanted: string, realm: string): string | null {
    const { access } = this.#switches;
    const header = request.headers.authorization ?? "";
    if (access.kind === "open") return null;
    if (access.kind === "basic") {
      const right = `Basic ${Buffer.from(`${access.username}:${access.password}`).toString("base64")}`;
      return header === right ? null : 'Basic realm="fake, with a comma"';
    }
    const token = this.#tokens.get(header.replace("Bearer ", ""));
    if (token && token.uses-- > 0 && token.scopes.includes(wanted)) return null;
    const [, repository, actions] = wanted.split(":");
    return `Bearer realm="${realm}",service="fake",scope="repository:${repository}:${actions}"`;
  }

  /** Answers `GET /token?scope=…`. */
  token(url: URL, header: string): { status: number; body: object } {
    const { access } = this.#switches;
    if (access.kind !== "token") return { status: 404, body: {} };
    const right = `Basic ${Buffer.from(`${access.username}:${access.password}`).toString("base64")}`;
    if (header !== "" && header !== right) return { status: 401, body: { secret: "shown to nobody" } };
    const asked = url.searchParams.getAll("scope");
    if (asked.some((scope) => access.withholds.test(scope))) return { status: 403, body: {} };
    const scopes = asked.flatMap((scope) => {
      const [type, repository, actions = ""] = scope.split(":");
      // Strangers may read and never write.
      const allowed = actions.split(",").filter((action) => action === "pull" || header === right);
      return allowed.map((action) => `${type}:${repository}:${action}`);
    });
    const value = `token-${this.#tokens.size}`;
    this.#tokens.set(value, { scopes, uses: access.uses });
    this.given.push(asked);
    return { status: 200, body: { token: value, expires_in: access.seconds } };
  }
}
