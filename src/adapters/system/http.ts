import { Agent as HttpAgent, request as httpRequest } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import { brotliDecompressSync, gunzipSync, inflateSync } from "node:zlib";
import { WorldError } from "../../domain/problem.ts";

export interface HttpRequest {
  method: string;
  url: URL;
  headers?: Record<string, string>;
  body?: Uint8Array;
}

export interface HttpAnswer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: Buffer;
  /** On the monotonic clock, in ms: the request handed to the socket, and the last byte read. */
  sent: number;
  done: number;
}

const bodyLimit = 64 * 2 ** 20;
const agents = { "http:": new HttpAgent({ keepAlive: true }), "https:": new HttpsAgent({ keepAlive: true }) };

function decode(body: Buffer, encoding: string | undefined): Buffer {
  const options = { maxOutputLength: bodyLimit };
  if (encoding === "gzip" || encoding === "x-gzip") return gunzipSync(body, options);
  if (encoding === "deflate") return inflateSync(body, options);
  return encoding === "br" ? brotliDecompressSync(body, options) : body;
}

const unreachable = (url: URL, cause: unknown): WorldError =>
  new WorldError(
    {
      code: "endpoint.unreachable",
      message: `${url.origin} gave no answer to ${url.pathname}: ${cause instanceof Error ? cause.message : String(cause)}`,
      hint: "Check that the deployment still runs (modelgate status) and that its address can be reached from here.",
    },
    { side: `endpoint ${url.origin}`, during: "asking the endpoint", retryable: true, cause },
  );

/**
 * Sends one request and reads its whole answer, at most 64 MB. Redirects are not followed: an endpoint answers itself.
 * @throws WorldError `endpoint.unreachable` when there is no complete answer; the signal's reason when it aborts.
 */
export function httpSend({ method, url, headers, body }: HttpRequest, signal: AbortSignal): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const secure = url.protocol === "https:";
    const fail = (cause: unknown): void => reject(signal.aborted ? (signal.reason as Error) : unreachable(url, cause));
    let sent = performance.now();
    const message = (secure ? httpsRequest : httpRequest)(
      url,
      {
        method,
        agent: agents[secure ? "https:" : "http:"],
        signal,
        headers: {
          "accept-encoding": "gzip, deflate",
          ...(body && { "content-length": String(body.length) }),
          ...headers,
        },
      },
      (answer) => {
        const chunks: Buffer[] = [];
        let size = 0;
        answer.on("data", (chunk: Buffer) => {
          size += chunk.length;
          if (size > bodyLimit) answer.destroy(new Error(`the answer is larger than ${bodyLimit} bytes`));
          else chunks.push(chunk);
        });
        answer.on("error", fail);
        answer.on("end", () => {
          const done = performance.now();
          try {
            if (!answer.complete) throw new Error("the answer ended early");
            resolve({
              status: answer.statusCode ?? 0,
              headers: answer.headers,
              body: decode(Buffer.concat(chunks), answer.headers["content-encoding"]),
              sent,
              done,
            });
          } catch (cause) {
            fail(cause);
          }
        });
        answer.on("aborted", () => fail(new Error("the answer ended early")));
      },
    );
    message.on("error", fail);
    message.on("socket", (socket) => {
      if (socket.connecting) socket.once(secure ? "secureConnect" : "connect", () => (sent = performance.now()));
      else sent = performance.now();
    });
    message.end(body);
  });
}
