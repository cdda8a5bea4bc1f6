import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";
import type { Endpoint } from "../../src/domain/release.ts";

/** How the server answers one inference: the body as it is sent. */
export type Answering = (
  request: { id?: string; inputs: { name: string; shape: number[]; data: number[] }[] },
  count: number,
) => {
  status?: number;
  body?: string;
  gzip?: boolean;
  /** Ends the connection in the middle of the body. */
  cut?: boolean;
  delay?: number;
  /** Never answers. */
  hang?: boolean;
  /** Closes the connection without an answer. */
  reset?: boolean;
  headers?: Record<string, string>;
};

export interface V2Options {
  ready?: () => boolean;
  digest?: string;
  /** Asks the model whatever number it is given. */
  lenient?: boolean;
  /** How a bad request is answered, instead of with 400. */
  refusal?: (body: string) => { status?: number; body?: string; hang?: boolean };
  /** Requests below this path are authorized; others are answered with the status. */
  guard?: { path: string; status: number };
  /** Told every body that comes. */
  seen?: (body: string) => void;
}

/** A real server of the Open Inference Protocol that can be told to misbehave. */
export interface V2Server extends AsyncDisposable {
  endpoint: Endpoint;
  requests: () => number;
}

/** An answer with rows of probabilities, one unless it is said. */
export const probabilities = (id: string | undefined, values: readonly (number | string)[], rows = 1): string =>
  `{"model_name":"m",${id === undefined ? "" : `"id":"${id}",`}"outputs":[{"name":"p","datatype":"FP32","shape":[${rows},${values.length / rows}],"data":[${values.join(",")}]}]}`;

/** The model sees one number per row, and says class 1 for those from 0.5 on. */
export const thresholding: Answering = ({ id, inputs }) => {
  const { data } = inputs[0]!;
  const rows = data.flatMap((value) => (value >= 0.5 ? [0.2, 0.8] : [0.7, 0.3]));
  return { body: probabilities(id, rows, data.length) };
};

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}

async function infer(
  request: IncomingMessage,
  response: ServerResponse,
  { answer, count, lenient, refusal, seen }: { answer: Answering; count: number } & V2Options,
): Promise<void> {
  const text = await bodyOf(request);
  seen?.(text);
  let parsed: Parameters<Answering>[0];
  try {
    parsed = JSON.parse(text) as Parameters<Answering>[0];
    if (!Array.isArray(parsed.inputs) || parsed.inputs.length === 0) throw new SyntaxError("no inputs");
    const wrong = (x: unknown): boolean => typeof x !== "number" || (!lenient && !Number.isFinite(Math.fround(x)));
    const isColumn = ([rows, width, ...rest]: number[], { length }: number[]): boolean =>
      rows === length && length > 0 && width === 1 && rest.length === 0;
    if (parsed.inputs.some(({ data, shape }) => !isColumn(shape, data) || data.some(wrong)))
      throw new SyntaxError("wrong input");
  } catch {
    const { status = 400, body = '{"error":"bad request"}', hang } = refusal?.(text) ?? {};
    if (!hang) response.writeHead(status, { "content-type": "application/json" }).end(body);
    return;
  }
  const { status = 200, body = "", gzip, cut, delay, hang, reset, headers } = answer(parsed, count);
  if (reset) request.socket.destroy();
  if (reset || hang) return;
  if (delay !== undefined) await new Promise((resolve) => setTimeout(resolve, delay));
  const bytes = gzip ? gzipSync(body) : Buffer.from(body);
  response.writeHead(status, {
    "content-type": "application/json",
    "content-length": String(bytes.length),
    ...(gzip && { "content-encoding": "gzip" }),
    ...headers,
  });
  if (cut) {
    response.write(bytes.subarray(0, bytes.length / 2), () => response.destroy());
    return;
  }
  response.end(bytes);
}

/** Starts a server on 127.0.0.1. */
export async function v2Server(answer: Answering, options: V2Options = {}): Promise<V2Server> {
  let count = 0;
  const metadata = JSON.stringify({
    name: "m",
    versions: ["1"],
    platform: "test",
    inputs: [{ name: "x", datatype: "FP32", shape: [-1, 1] }],
    outputs: [{ name: "p", datatype: "FP32", shape: [-1, 2] }],
    parameters: { "modelgate.model_digest": options.digest ?? `sha256:${"0".repeat(64)}` },
  });
  const server = createServer((request, response) => {
    const json = (status: number, body: string): void =>
      void response.writeHead(status, { "content-type": "application/json" }).end(body);
    const { guard } = options;
    if (guard && !request.url?.startsWith(guard.path)) return json(guard.status, '{"error":"who are you?"}');
    request.url = request.url?.slice(guard?.path.length ?? 0);
    if (request.url === "/v2/models/m/infer" && request.method === "POST") {
      if (!request.headers["content-type"]?.startsWith("application/json")) return json(415, '{"error":"type"}');
      void infer(request, response, { answer, count: ++count, ...options });
    } else if (request.url === "/v2/models/m/infer") json(405, "{}");
    else if (request.url === "/v2/models/m/ready") json((options.ready?.() ?? true) ? 200 : 503, "{}");
    else if (request.url === "/v2/models/m") json(200, metadata);
    else json(404, '{"error":"unknown model"}');
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    endpoint: { url: `http://127.0.0.1:${port}`, protocol: "v2" },
    requests: () => count,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
