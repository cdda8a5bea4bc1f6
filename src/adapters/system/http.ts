import { type ClientRequest, Agent as HttpAgent, request as httpRequest, type IncomingMessage } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import { gunzipSync, inflateSync } from "node:zlib";
import { WorldError } from "../../domain/problem.ts";
import type { Tls } from "../../ports/protocol.ts";
import { aborted, unreachable, unreadable } from "./endpoint-failure.ts";
import { proxyOptions } from "./proxy.ts";

export interface HttpRequest {
  method: string;
  url: URL;
  headers?: Record<string, string>;
  body?: Uint8Array;
  tls?: Tls;
}

export interface HttpAnswer {
  status: number;
  headers: IncomingMessage["headers"];
  body: Buffer;
  /** On the monotonic clock, in ms: the request handed to the socket, and the last byte read. */
  sent: number;
  done: number;
  /** When each piece of the body was read, and where in the undecoded body it ends. */
  pieces: readonly { at: number; end: number }[];
}

const bodyLimit = 64 * 2 ** 20;
/** By default only 256 connections are kept: a burst beyond it would close and open them at every request, at ten times the cost of one. */
const kept = { keepAlive: true, maxFreeSockets: 4096 };
let shared: { plain: HttpAgent; trusting: HttpsAgent } | null = null;
const own = new WeakMap<Tls, HttpsAgent>();

const agentOptions = () => ({ ...kept, ...proxyOptions() });

/** Connections are shared by requests of the same TLS, and by nobody else. */
function agentFor({ url, tls }: HttpRequest): HttpAgent {
  // Made when the first request is: the proxy is set before that.
  shared ??= { plain: new HttpAgent(agentOptions()), trusting: new HttpsAgent(agentOptions()) };
  if (url.protocol !== "https:") return shared.plain;
  if (!tls) return shared.trusting;
  const known = own.get(tls);
  if (known) return known;
  const { ca, client, serverName } = tls;
  const agent = new HttpsAgent({
    ...agentOptions(),
    ...(ca !== undefined && { ca }),
    ...client,
    ...(serverName !== undefined && { servername: serverName }),
  });
  own.set(tls, agent);
  return agent;
}

/** The body without its content encoding, at most 64 MB. @throws Error for encodings that were not asked for. */
function decode(body: Buffer, encoding = "identity"): Buffer {
  const options = { maxOutputLength: bodyLimit };
  switch (encoding.toLowerCase()) {
    case "identity":
      return body;
    case "gzip":
    case "x-gzip":
      return gunzipSync(body, options);
    case "deflate":
      return inflateSync(body, options);
    default:
      throw new Error(`the content encoding "${encoding}" was not asked for`);
  }
}

/** Whether a kept connection was closed by the server just when it was used again, before anything came back. */
const wentStale = (message: ClientRequest, cause: unknown): boolean =>
  message.reusedSocket &&
  cause instanceof Error &&
  "code" in cause &&
  ["ECONNRESET", "EPIPE"].includes(String(cause.code));

/** Reads a whole body. @throws WorldError `endpoint.unreachable` when it ends early, `endpoint.answer` beyond 64 MB. */
async function bodyOf(answer: IncomingMessage, url: URL): Promise<Pick<HttpAnswer, "body" | "pieces">> {
  const chunks: Buffer[] = [];
  const pieces: { at: number; end: number }[] = [];
  let size = 0;
  try {
    for await (const chunk of answer as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > bodyLimit) break;
      chunks.push(chunk);
      pieces.push({ at: performance.now(), end: size });
    }
  } catch (cause) {
    throw unreachable(url, new Error("the answer ended early", { cause }));
  }
  if (size > bodyLimit) throw unreadable(url, new Error(`it is larger than ${bodyLimit} bytes`));
  return { body: Buffer.concat(chunks), pieces };
}

async function read(answer: IncomingMessage, url: URL, sent: number): Promise<HttpAnswer> {
  const { body, pieces } = await bodyOf(answer, url);
  const done = performance.now();
  try {
    const decoded = decode(body, answer.headers["content-encoding"]);
    return { status: answer.statusCode ?? 0, headers: answer.headers, body: decoded, sent, done, pieces };
  } catch (cause) {
    throw unreadable(url, cause);
  }
}

/**
 * Sends one request and reads its whole answer, at most 64 MB. Redirects are not followed: an endpoint answers itself.
 * @throws WorldError `endpoint.unreachable` when there is no complete answer, retryable unless the signal's time ran out;
 * `endpoint.answer` when its body is too large or cannot be decoded; the signal's reason when it aborts otherwise.
 */
export function httpSend(request: HttpRequest, signal: AbortSignal): Promise<HttpAnswer> {
  const { method, url, headers, body } = request;
  const secure = url.protocol === "https:";
  return new Promise((resolve, reject) => {
    let sent = performance.now();
    const fail = (cause: unknown): void =>
      reject(
        signal.aborted ? aborted(url, signal.reason) : cause instanceof WorldError ? cause : unreachable(url, cause),
      );
    const message = (secure ? httpsRequest : httpRequest)(url, {
      method,
      agent: agentFor(request),
      signal,
      headers: {
        "accept-encoding": "gzip, deflate",
        ...(body && { "content-length": String(body.length) }),
        ...headers,
      },
    });
    let answered = false;
    message.on("response", (answer) => {
      answered = true;
      read(answer, url, sent).then(resolve, fail);
    });
    message.on("error", (cause) => {
      if (!answered && !signal.aborted && wentStale(message, cause)) resolve(httpSend(request, signal));
      else fail(cause);
    });
    // Connecting is the network's and the server's time, not a lag of whoever sends.
    message.on("socket", () => (sent = performance.now()));
    message.end(body);
  });
}
