import type { IncomingMessage } from "node:http";
import { WorldError } from "../../../domain/problem.ts";
import { Authorization, type Credentials } from "./auth.ts";
import { isDropped, readBody, type Sent, send, sendRetried } from "./transport.ts";

export interface Ask extends Omit<Sent, "url"> {
  /** Below `/v2/<repository>/`, or absolute (an upload's Location). */
  path: string | URL;
  /** What is being done, for messages: `uploading a layer`. */
  during: string;
  /** Repositories of this registry that must be readable too: the source of a mount. */
  alsoPull?: readonly string[];
}

/** Splits `host[:port]/path`, and names the API's address. Docker Hub's API has another host than its images. */
export function address(repository: string, insecure: readonly string[]): { host: string; path: string; base: URL } {
  const slash = repository.indexOf("/");
  const host = repository.slice(0, slash);
  const hub = host === "docker.io" || host === "index.docker.io";
  const name = host.replace(/:\d+$/, "");
  const plain = name === "localhost" || name === "127.0.0.1" || name === "[::1]" || insecure.includes(host);
  const rest = repository.slice(slash + 1);
  const path = hub && !rest.includes("/") ? `library/${rest}` : rest;
  return {
    host,
    path,
    base: new URL(`${plain ? "http" : "https"}://${hub ? "registry-1.docker.io" : host}/v2/${path}/`),
  };
}

/** The registry's own words of an error (distribution specification, error codes), shortened; secrets are never in it. */
async function wordsOf(answer: IncomingMessage): Promise<string> {
  const text = (await readBody(answer, 64 * 1024)).toString("utf8");
  try {
    const { errors } = JSON.parse(text) as { errors?: { code?: string; message?: string }[] };
    if (errors?.length)
      return errors
        .map(({ code, message }) => [code, message].filter(Boolean).join(": "))
        .join("; ")
        .slice(0, 300);
  } catch {
    // Proxies answer in HTML: the status says enough.
  }
  return "";
}

const hints: Record<number, string> = {
  401: "Log in: docker login, or docker/login-action before this step. For ghcr.io give the job packages: write.",
  403: "The account may not do this here. For ghcr.io give the job packages: write and link the package to the repository.",
  404: "Check the repository's name; some registries (ECR) want it created first.",
  413: "The registry, or a proxy before it, limits the size of a request.",
};

/** Speaks to one repository of a registry: authorization, retries, redirects, errors for people. */
export class Client {
  readonly host: string;
  readonly #base: URL;
  readonly #path: string;
  readonly #authorization: Authorization;

  constructor(
    repository: string,
    options: { credentials: (host: string) => Promise<Credentials | null>; insecureHosts: readonly string[] },
  ) {
    const { host, path, base } = address(repository, options.insecureHosts);
    this.host = host;
    this.#base = base;
    this.#path = path;
    this.#authorization = new Authorization(() => options.credentials(host));
  }

  /** The address that relative Locations are relative to. */
  get uploads(): string {
    return new URL("blobs/uploads/", this.#base).href;
  }

  /** One exchange. Requests without a body are tried again; one with a body is the caller's to repeat. */
  async ask(ask: Ask, signal: AbortSignal): Promise<IncomingMessage> {
    const url = new URL(ask.path, this.#base);
    const scopes = [
      `repository:${this.#path}:pull,push`,
      ...(ask.alsoPull ?? []).map((name) => `repository:${name}:pull`),
    ];
    const idempotent = ask.body === undefined && ask.method !== "POST" && ask.method !== "PATCH";
    try {
      for (;;) {
        const attempt = () => this.#once({ ...ask, url }, scopes, signal);
        const answer = idempotent ? await sendRetried(attempt, signal) : await attempt();
        if (answer.statusCode !== 401 || !this.#authorization.challenged(answer.headers["www-authenticate"], scopes))
          return answer;
        answer.resume();
        if (ask.body) await this.#authorization.header(scopes, signal);
      }
    } catch (cause) {
      throw this.unreachable(ask.during, cause, signal);
    }
  }

  async #once(sent: Ask & { url: URL }, scopes: readonly string[], signal: AbortSignal): Promise<IncomingMessage> {
    const ours = sent.url.host === this.#base.host;
    const authorization = ours ? await this.#authorization.header(scopes, signal) : null;
    const answer = await send(
      { ...sent, headers: { ...sent.headers, ...(authorization && { authorization }) } },
      signal,
    );
    const location = answer.headers.location;
    if (sent.method === "GET" && location && [301, 302, 303, 307, 308].includes(answer.statusCode ?? 0)) {
      answer.resume();
      // Storage behind a redirect gets no credentials of the registry.
      return send({ method: "GET", url: new URL(location, sent.url) }, signal);
    }
    return answer;
  }

  /** Learns the challenge before the first body is sent, so that no body is sent in vain. */
  async greet(signal: AbortSignal): Promise<void> {
    const answer = await this.ask(
      { method: "HEAD", path: "manifests/modelgate-hello", during: "asking for access" },
      signal,
    );
    answer.resume();
  }

  /** The error for an answer that is not what was hoped for. */
  async refused(answer: IncomingMessage, during: string): Promise<WorldError> {
    const status = answer.statusCode ?? 0;
    const words = await wordsOf(answer).catch(() => "");
    return new WorldError(
      {
        code: status === 401 || status === 403 ? "registry.denied" : "registry.refused",
        message: `${this.host} answered ${status} to ${during} in ${this.#path}${words ? ` (${words})` : ""}`,
        hint:
          hints[status] ??
          (status >= 500
            ? "The registry has trouble; try again later."
            : "Look at the registry's own log for the reason."),
      },
      { side: `registry ${this.host}`, during, retryable: status === 429 || status >= 500 },
    );
  }

  /** The error for no answer at all. */
  unreachable(during: string, cause: unknown, signal: AbortSignal): Error {
    if (signal.aborted || cause instanceof WorldError) return cause as Error;
    const why = cause instanceof Error ? cause.message : String(cause);
    return new WorldError(
      {
        code: "registry.unreachable",
        message: `${this.host} could not be reached for ${during}: ${why}`,
        hint: "Check the host and port of image.repository, the network and, for a registry without TLS, that it is on loopback.",
      },
      { side: `registry ${this.host}`, during, retryable: isDropped(cause), cause },
    );
  }
}
