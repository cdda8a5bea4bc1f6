import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import { setTimeout as wait } from "node:timers/promises";

/** A request body: its length when it is known, else it is sent chunked. */
export interface Body {
  size: number | null;
  open(signal: AbortSignal): AsyncIterable<Uint8Array>;
}

export interface Sent {
  method: string;
  url: URL;
  headers?: Record<string, string>;
  body?: Body;
}

const agents = { "http:": new HttpAgent({ keepAlive: true }), "https:": new HttpsAgent({ keepAlive: true }) };

/** No byte moved in either direction for this long: the connection is taken for dead. */
const idleMilliseconds = 120_000;
/** A registry may checksum a large blob for minutes before it answers the commit. */
const answerMilliseconds = 20 * 60_000;

async function write(message: ReturnType<typeof httpRequest>, body: Body, signal: AbortSignal): Promise<void> {
  for await (const chunk of body.open(signal)) {
    if (message.destroyed) return;
    // The source may reuse its buffer for the next chunk: go on only when this one has left.
    await new Promise<void>((resolve, reject) => message.write(chunk, (error) => (error ? reject(error) : resolve())));
  }
}

/**
 * Sends one request and resolves with the answer's head; its body is a stream. `node:http` and not `fetch`: a streamed
 * body through fetch holds the model in memory.
 */
export function send({ method, url, headers, body }: Sent, signal: AbortSignal): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const secure = url.protocol === "https:";
    const length =
      body === undefined
        ? { "content-length": "0" }
        : body.size === null
          ? {}
          : { "content-length": String(body.size) };
    const message = (secure ? httpsRequest : httpRequest)(url, {
      method,
      agent: agents[secure ? "https:" : "http:"],
      headers: { "user-agent": "modelgate", ...(method === "GET" || method === "HEAD" ? {} : length), ...headers },
      signal,
    });
    message.on("response", resolve);
    message.on("error", reject);
    message.setTimeout(body ? idleMilliseconds : answerMilliseconds, () =>
      message.destroy(new Error(`no byte moved for ${idleMilliseconds / 1000} s`)),
    );
    if (!body) return void message.end();
    write(message, body, signal).then(
      () => {
        message.setTimeout(answerMilliseconds);
        message.end();
      },
      (error: unknown) => message.destroy(error instanceof Error ? error : new Error(String(error))),
    );
  });
}

/** The answer's body as a whole, at most `limit` bytes; what is beyond is dropped with the connection. */
export async function readBody(answer: IncomingMessage, limit: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > limit) {
      answer.destroy();
      break;
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** Milliseconds a `Retry-After` header asks for, at most a minute; null without one. */
export function retryAfter(header: string | undefined): number | null {
  if (header === undefined) return null;
  const seconds = /^\d+$/.test(header) ? Number(header) : (Date.parse(header) - Date.now()) / 1000;
  return Number.isFinite(seconds) ? Math.min(60_000, Math.max(0, seconds * 1000)) : null;
}

const tries = 4;
const passing = (status: number): boolean =>
  status === 408 || status === 429 || (status >= 500 && status !== 501 && status !== 505);

/** Sends an idempotent request again after a dropped connection or a passing status: 4 tries, jittered, `Retry-After` kept. */
export async function sendRetried(
  attempt: () => Promise<IncomingMessage>,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  for (let tried = 1; ; tried++) {
    let delay = 200 * 2 ** tried * (0.5 + Math.random());
    try {
      const answer = await attempt();
      if (!passing(answer.statusCode ?? 0) || tried === tries) return answer;
      delay = retryAfter(answer.headers["retry-after"]) ?? delay;
      answer.resume();
    } catch (error) {
      if (signal.aborted || tried === tries || !isDropped(error)) throw error;
    }
    await wait(delay, undefined, { signal });
  }
}

/** Whether an error is a connection that broke, so that trying again may help. */
export const isDropped = (error: unknown): boolean =>
  error instanceof Error &&
  "code" in error &&
  [
    "ECONNRESET",
    "EPIPE",
    "ECONNREFUSED",
    "ETIMEDOUT",
    "EAI_AGAIN",
    "ENOTFOUND",
    "ECONNABORTED",
    "UND_ERR_SOCKET",
  ].includes(String(error.code));
