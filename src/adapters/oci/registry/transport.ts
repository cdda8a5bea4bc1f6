import { request as httpRequest, type IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
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
  /** The answer may take minutes: a registry checksums what it commits. */
  patient?: boolean;
}

/** No byte moved in either direction for this long: the connection is taken for dead. */
const idleMilliseconds = 120_000;
/** For the answer to a commit (moby#53700, buildkit#3995: registries checksum a large blob for minutes). */
const patientMilliseconds = 20 * 60_000;

const timedOut = (limit: number): Error =>
  Object.assign(new Error(`no byte moved for ${limit / 1000} s`), { code: "ETIMEDOUT" });

/** Writes a body chunk by chunk; stops early when an answer makes the rest pointless. */
async function write(
  message: ReturnType<typeof httpRequest>,
  body: Body,
  { signal, stopped }: { signal: AbortSignal; stopped: () => boolean },
): Promise<void> {
  for await (const chunk of body.open(signal)) {
    if (message.destroyed || stopped()) return;
    // The source may reuse its buffer for the next chunk: go on only when this one has left.
    await new Promise<void>((resolve, reject) => {
      message.write(chunk, (error) => (error ? reject(error) : resolve()));
    });
  }
}

/**
 * Sends one request and resolves with the answer's head; its body is a stream. `node:http` and not `fetch`: a streamed
 * body through fetch holds the model in memory. The global agents keep connections alive, and go through the proxy the host set. A refusal before the body has left ends the sending.
 */
export function send({ method, url, headers, body, patient }: Sent, signal: AbortSignal): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const secure = url.protocol === "https:";
    const length = body === undefined ? 0 : body.size;
    const message = (secure ? httpsRequest : httpRequest)(url, {
      method,
      headers: {
        "user-agent": "modelgate",
        ...(method !== "GET" && method !== "HEAD" && length !== null && { "content-length": String(length) }),
        ...headers,
      },
      signal,
    });
    let limit = body || !patient ? idleMilliseconds : patientMilliseconds;
    let refused = false;
    message.setTimeout(limit, () => message.destroy(timedOut(limit)));
    const failed = (error: unknown): void => {
      message.destroy();
      reject(error instanceof Error ? error : new Error(String(error)));
    };
    const written = body ? write(message, body, { signal, stopped: () => refused }) : Promise.resolve();
    message.on("error", reject);
    message.on("response", (answer) => {
      answer.setTimeout(idleMilliseconds, () => answer.destroy(timedOut(idleMilliseconds)));
      refused = (answer.statusCode ?? 0) >= 300;
      if (!refused) return void written.then(() => resolve(answer), failed);
      if (!message.writableEnded) answer.once("close", () => message.destroy());
      resolve(answer);
    });
    written.then(() => {
      if (refused) return;
      if (patient) message.setTimeout((limit = patientMilliseconds));
      message.end();
    }, failed);
  });
}

/** The answer's body as a whole, at most `limit` bytes; what is beyond is dropped with the connection. */
export async function readBody(answer: IncomingMessage, limit: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > limit) break;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** Milliseconds a `Retry-After` header asks for, at most a minute; null without one. */
function delayOf(header: string | null): number | null {
  if (header === null) return null;
  const seconds = /^\d+$/.test(header) ? Number(header) : (Date.parse(header) - Date.now()) / 1000;
  return Number.isFinite(seconds) ? Math.min(60_000, Math.max(0, seconds * 1000)) : null;
}

/** How often anything is tried before its failure is told. */
export const mostTries = 4;

/** Whether a status may be another one a moment later. */
export const isPassing = (status: number): boolean =>
  status === 408 || status === 429 || (status >= 500 && status !== 501 && status !== 505);

/** Waits before the next try: doubling, jittered; as long as a `Retry-After` header asks for when there is one. */
export async function pause(tried: number, retryAfter: string | null, signal: AbortSignal): Promise<void> {
  const delay = delayOf(retryAfter) ?? 100 * 2 ** tried * (0.5 + Math.random());
  await wait(delay, undefined, { signal });
}

/** Sends an idempotent request again after a dropped connection or a passing status. */
export async function sendRetried(
  attempt: () => Promise<IncomingMessage>,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  for (let tried = 1; ; tried++) {
    const answer = await attempt().catch((error: unknown) => {
      if (signal.aborted || tried === mostTries || !isDropped(error)) throw error;
      return null;
    });
    if (answer && (tried === mostTries || !isPassing(answer.statusCode ?? 0))) return answer;
    answer?.resume();
    await pause(tried, answer?.headers["retry-after"] ?? null, signal);
  }
}

const broken = new Set([
  "ECONNRESET",
  "ECONNABORTED",
  "ECONNREFUSED",
  "EPIPE",
  "ETIMEDOUT",
  "EAI_AGAIN",
  "ENETUNREACH",
  "EHOSTUNREACH",
  "ERR_STREAM_DESTROYED",
  "ERR_STREAM_PREMATURE_CLOSE",
]);

/** Whether an error is a connection that broke, so that trying again may help. */
export const isDropped = (error: unknown): boolean =>
  error instanceof Error && "code" in error && broken.has(String(error.code));
