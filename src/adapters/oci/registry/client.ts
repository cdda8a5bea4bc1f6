import type { IncomingMessage } from "node:http";
import { WorldError } from "../../../domain/problem.ts";
import { Authorization } from "./auth.ts";
import type { Credentials } from "./credentials.ts";
import { isDropped, isPassing, readBody, type Sent, send, sendRetried } from "./transport.ts";

export interface Ask extends Omit<Sent, "url"> {
  /** Below `/v2/<repository>/`, or absolute (an upload's Location). */
  path: string | URL;
  /** What is being done, for messages: `uploading a layer`. */
  during: string;
  /** A repository of this registry that must be readable too: the source of a mount. */
  alsoPull?: string;
  /** Whether it may be sent again when its answer is lost; default: requests without a body, but for PATCH. */
  repeatable?: boolean;
}

/** A registry's answer that is not what was hoped for. */
export interface Refusal {
  status: number;
  /** The registry's own error codes (distribution specification, "Error Codes"). */
  codes: readonly string[];
  /** As the header says it. */
  retryAfter: string | null;
  error: WorldError;
}

const isLoopback = (host: string): boolean => /^(localhost|127(\.\d{1,3}){3})(:\d+)?$/.test(host);

/** Splits `host[:port]/path`, and names the API's address. Docker Hub's API has another host than its images. */
export function address(repository: string, insecure: readonly string[]): { host: string; path: string; base: URL } {
  const slash = repository.indexOf("/");
  const host = repository.slice(0, slash);
  const hub = host === "docker.io" || host === "index.docker.io";
  const plain = isLoopback(host) || insecure.includes(host);
  const rest = repository.slice(slash + 1);
  const path = hub && !rest.includes("/") ? `library/${rest}` : rest;
  return {
    host,
    path,
    base: new URL(`${plain ? "http" : "https"}://${hub ? "registry-1.docker.io" : host}/v2/${path}/`),
  };
}

/** The registry's own codes and words of an error, shortened. Proxies answer in HTML: then the status says enough. */
async function wordsOf(answer: IncomingMessage): Promise<{ codes: string[]; words: string }> {
  try {
    const { errors } = JSON.parse((await readBody(answer, 64 * 1024)).toString("utf8")) as { errors?: unknown };
    const said = (Array.isArray(errors) ? errors : []) as { code?: unknown; message?: unknown }[];
    const words = said.map(({ code, message }) =>
      [code, message].filter((word) => typeof word === "string").join(": "),
    );
    return { codes: said.map(({ code }) => String(code)), words: words.join("; ").slice(0, 300) };
  } catch {
    return { codes: [], words: "" };
  }
}

const hints: Record<number, string> = {
  401: "Log in: docker login, or docker/login-action before this step. For ghcr.io give the job packages: write.",
  403: "The account may not do this here. For ghcr.io give the job packages: read to pull, packages: write to push, and link the package to the repository.",
  404: "Check the repository's name; some registries (ECR) want it created first.",
  413: "The registry, or a proxy before it, limits the size of a request.",
  429: "The registry limits how often it may be asked; wait, or log in for a higher limit.",
};

/** Tells what a body's source throws from what the network does. */
function watched<T extends Ask>(sent: T): { sent: T; failure: () => unknown } {
  const { body } = sent;
  let failure: unknown = null;
  if (!body) return { sent, failure: () => null };
  async function* open(signal: AbortSignal): AsyncIterable<Uint8Array> {
    try {
      yield* body!.open(signal);
    } catch (error) {
      failure = error;
      throw error;
    }
  }
  return { sent: { ...sent, body: { size: body.size, open } }, failure: () => failure };
}

const redirects = new Set([301, 302, 303, 307, 308]);
const mostRedirects = 5;

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
    this.#authorization = new Authorization(base, () => options.credentials(host));
  }

  /** The address that a Location, or a link to a next page, is relative to. */
  at(path: string): URL {
    return new URL(path, this.#base);
  }

  /** One exchange, with whatever access it takes. @throws WorldError, what a body's source throws, or the signal's reason. */
  async ask(ask: Ask, signal: AbortSignal): Promise<IncomingMessage> {
    const url = new URL(ask.path, this.#base);
    const repeatable = ask.repeatable ?? (ask.body === undefined && ask.method !== "PATCH");
    const { sent, failure } = watched({ ...ask, url });
    const attempt = () => this.#authorized(sent, signal);
    try {
      return await (repeatable ? sendRetried(attempt, signal) : attempt());
    } catch (cause) {
      throw signal.aborted ? signal.reason : (failure() ?? this.unreachable(ask.during, cause, signal));
    }
  }

  /**
   * Reading asks for the right to pull alone, as strangers may have it; where that is refused it asks for all: registries say
   * 401 of a repository that does not exist yet, but not to those who may make it.
   */
  async #authorized(ask: Ask & { url: URL }, signal: AbortSignal): Promise<IncomingMessage> {
    const reading = ask.method === "GET" || ask.method === "HEAD";
    const mount = ask.alsoPull === undefined ? [] : [`repository:${ask.alsoPull}:pull`];
    const all = [`repository:${this.#path}:pull,push`, ...mount];
    const own = reading ? [`repository:${this.#path}:pull`] : all;
    let used: string | null = null;
    let answer: IncomingMessage | null = null;
    for (const scopes of reading ? [own, own, all] : [own, own]) {
      const authorization = await this.#authorization.header(scopes, signal).catch((error: unknown) => {
        answer?.destroy();
        throw error;
      });
      if (answer && authorization === used) break;
      answer?.resume();
      used = authorization;
      answer = await this.#followed(ask, authorization, signal);
      if (answer.statusCode !== 401) break;
      this.#authorization.challenged(answer.headers["www-authenticate"], scopes);
    }
    return answer!;
  }

  /** Follows redirects to storage. Only the registry itself gets its authorization, and only over its own scheme. */
  async #followed(
    ask: Ask & { url: URL },
    authorization: string | null,
    signal: AbortSignal,
  ): Promise<IncomingMessage> {
    let { url } = ask;
    for (let followed = 0; ; followed++) {
      const trusted = url.origin === this.#base.origin && authorization !== null;
      const answer = await send(
        { ...ask, url, headers: { ...ask.headers, ...(trusted && { authorization }) } },
        signal,
      );
      const { location } = answer.headers;
      const reading = ask.method === "GET" || ask.method === "HEAD";
      if (!reading || location === undefined || !redirects.has(answer.statusCode ?? 0) || followed === mostRedirects)
        return answer;
      answer.resume();
      url = new URL(location, url);
    }
  }

  /** Reads an answer that is not what was hoped for. */
  async refusal(answer: IncomingMessage, during: string): Promise<Refusal> {
    const status = answer.statusCode ?? 0;
    const { codes, words } = await wordsOf(answer);
    const code = codes.includes("DIGEST_INVALID")
      ? "registry.digest"
      : status === 401 || status === 403
        ? "registry.denied"
        : "registry.refused";
    const fallback =
      status >= 500 ? "The registry has trouble; try again later." : "Look at the registry's own log for the reason.";
    const error = new WorldError(
      {
        code,
        message: `${this.host} answered ${status} to ${during} in ${this.#path}${words ? ` (${words})` : ""}`,
        hint: hints[status] ?? fallback,
      },
      { side: `registry ${this.host}`, during, retryable: isPassing(status) },
    );
    return { status, codes, retryAfter: answer.headers["retry-after"] ?? null, error };
  }

  /** The error for an answer that is not what was hoped for. */
  async refused(answer: IncomingMessage, during: string): Promise<WorldError> {
    return (await this.refusal(answer, during)).error;
  }

  /** The error for no answer at all; what the network did not do stays as it is. */
  unreachable(during: string, cause: unknown, signal: AbortSignal): unknown {
    if (signal.aborted) return signal.reason;
    if (!(cause instanceof Error && "code" in cause)) return cause;
    return new WorldError(
      {
        code: "registry.unreachable",
        message: `${this.host} could not be reached for ${during} in ${this.#path}: ${cause.message}`,
        hint: "Check the host and port of image.repository and the network. Only registries on loopback are asked without TLS.",
      },
      { side: `registry ${this.host}`, during, retryable: isDropped(cause), cause },
    );
  }
}
