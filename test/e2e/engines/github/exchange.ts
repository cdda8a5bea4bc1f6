import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** What a part of the fake answers. */
export interface Answer {
  status: number;
  body?: unknown;
  headers?: Readonly<Record<string, string>>;
}

/** One request as it came. */
export interface Asked {
  method: string;
  url: URL;
  /** The name it was sent to, without the port. */
  host: string;
  headers: IncomingMessage["headers"];
  body: Buffer;
}

/** Reads a request to its end. */
export async function asked(request: IncomingMessage): Promise<Asked> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  const host = request.headers.host ?? "";
  return {
    method: request.method ?? "GET",
    url: new URL(request.url ?? "/", `http://${host}`),
    host: host.replace(/:\d+$/, ""),
    headers: request.headers,
    body: Buffer.concat(chunks),
  };
}

/** Sends an answer: bytes as they are, all else as JSON. */
export function reply(response: ServerResponse, { status, body, headers = {} }: Answer): void {
  const bytes = body === undefined ? null : body instanceof Uint8Array ? body : Buffer.from(JSON.stringify(body));
  response.writeHead(status, {
    ...(bytes && { "content-type": "application/json; charset=utf-8", "content-length": bytes.length }),
    "x-github-request-id": randomUUID(),
    ...headers,
  });
  response.end(bytes ?? undefined);
}

/** Listens on a free port of the loopback address. @returns the port. */
export async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject).listen(0, "127.0.0.1", resolve);
  });
  return (server.address() as AddressInfo).port;
}

/** A server that answers what a function says. */
export const answering = (answer: (request: Asked) => Promise<Answer>): Server =>
  createServer((request, response) => {
    void asked(request)
      .then(answer)
      .then((said) => reply(response, said))
      .catch((error: unknown) => reply(response, { status: 500, body: { message: String(error) } }));
  });

/** Ends a server and every connection to it. */
export async function close(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
  });
}
