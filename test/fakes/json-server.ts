import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Endpoint } from "../../src/domain/release.ts";

/** How a kind of server takes requests and writes answers, as its documentation has it. */
export interface JsonServing {
  kind: string;
  readyPath: string;
  readyBody: string;
  notReadyBody?: string;
  inferPath: string;
  /** Default: POST. */
  method?: string;
  /** What the body asks, or an exception for a body that is wrong. */
  asked(body: unknown): unknown;
  /** The JSON text of an answer. */
  answer(asked: unknown): string;
  /** Answers with a stream of events in these pieces, each read before the next is written. */
  pieces?(): readonly Uint8Array[];
  /** Told every body that comes. */
  seen?(body: string): void;
  /** Answers bodies that are no JSON as well. */
  lenient?: boolean;
}

export interface JsonServer extends AsyncDisposable {
  endpoint: Endpoint;
  /** Bodies of the inferences, in order. */
  bodies: unknown[];
  become(state: string): void;
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}

const write = (response: ServerResponse, status: number, body: string): void =>
  void response.writeHead(status, { "content-type": "application/json" }).end(body);

/** Writes pieces so far apart that who reads them in the same process has read one before the next. */
async function stream(response: ServerResponse, pieces: readonly Uint8Array[]): Promise<void> {
  response.writeHead(200, { "content-type": "text/event-stream; charset=utf-8" });
  for (const piece of pieces) {
    await new Promise<void>((resolve) => response.write(piece, () => resolve()));
    await new Promise((resolve) => setTimeout(resolve, 5));
    // Arrived data is read between timers and immediates.
    for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
  }
  response.end();
}

/** A real server that speaks JSON over one address, and can be told to misbehave. */
export async function jsonServer(serving: JsonServing): Promise<JsonServer> {
  let state = "sound";
  const bodies: unknown[] = [];
  async function infer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const text = await bodyOf(request);
    serving.seen?.(text);
    if (state === "hanging") return;
    if (request.method !== (serving.method ?? "POST")) return write(response, 405, "{}");
    if (request.headers["content-type"] !== "application/json") return write(response, 415, "{}");
    try {
      const body: unknown = serving.lenient ? null : JSON.parse(text);
      const asked = serving.asked(body);
      bodies.push(body);
      if (serving.pieces) return await stream(response, serving.pieces());
      write(response, 200, serving.answer(state === "answering NaN" ? Number.NaN : asked));
    } catch (error) {
      write(response, 400, JSON.stringify({ error: String(error) }));
    }
  }
  const server = createServer((request, response) => {
    if (request.url === serving.readyPath && request.method === "GET") {
      const loading = state === "loading";
      return write(response, loading ? 503 : 200, loading ? (serving.notReadyBody ?? "{}") : serving.readyBody);
    }
    if (request.url === serving.inferPath) return void infer(request, response);
    write(response, 404, '{"detail":"Not Found"}');
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    endpoint: { url: `http://127.0.0.1:${port}`, protocol: serving.kind },
    bodies,
    become: (next) => void (state = next),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
