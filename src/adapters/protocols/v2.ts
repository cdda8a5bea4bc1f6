import { isDigest } from "../../domain/digest.ts";
import { WorldError } from "../../domain/problem.ts";
import type { Endpoint } from "../../domain/release.ts";
import type { Tensors } from "../../domain/tensor.ts";
import type { Fault, Protocol, Session } from "../../ports/protocol.ts";
import { type HttpAnswer, httpSend } from "../system/http.ts";
import { type JsonValue, readJson } from "./json/read.ts";
import { isObject, readSpecs, readTensor, writeTensor } from "./v2/tensors.ts";

const jsonType = { "content-type": "application/json" };
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const urlOf = (endpoint: Endpoint, path: string): URL => new URL(`${endpoint.url.replace(/\/$/, "")}${path}`);
const modelPath = (model: string): string => `/v2/models/${encodeURIComponent(model)}`;

const bodyOf = ({ inputs, id }: { inputs: Tensors; id: string }): string =>
  `{"id":${JSON.stringify(id)},"inputs":[${Object.entries(inputs)
    .map(([name, tensor]) => writeTensor(name, tensor))
    .join(",")}]}`;

const shorten = (body: Buffer): string => body.subarray(0, 300).toString("utf8").replaceAll(/\s+/g, " ").trim();

const wrongAnswer = (url: URL, message: string, options: { retryable?: boolean; cause?: unknown } = {}): WorldError =>
  new WorldError(
    {
      code: "endpoint.answer",
      message: `${url.pathname} ${message}`,
      hint: "Look at the server's log. The endpoint must speak the Open Inference Protocol v2.",
    },
    {
      side: `endpoint ${url.origin}`,
      during: "asking the model",
      retryable: options.retryable ?? false,
      cause: options.cause,
    },
  );

/** Statuses after which the same request may succeed. */
const passing = new Set([429, 502, 503, 504]);

function parsed(url: URL, answer: HttpAnswer): { [key: string]: JsonValue } {
  if (answer.status !== 200)
    throw wrongAnswer(url, `answered ${answer.status}: ${shorten(answer.body)}`, {
      retryable: passing.has(answer.status),
    });
  try {
    const value = readJson(answer.body.toString("utf8"));
    if (!isObject(value)) throw new SyntaxError("the answer is not an object");
    if ("error" in value)
      throw new SyntaxError(`the answer says error: ${JSON.stringify(value["error"])?.slice(0, 200)}`);
    return value;
  } catch (cause) {
    throw wrongAnswer(url, `answered 200 with a body that is not the protocol's: ${(cause as Error).message}`, {
      cause,
    });
  }
}

function outputsOf(url: URL, answer: HttpAnswer, id: string): Tensors {
  const value = parsed(url, answer);
  if (value["id"] !== undefined && value["id"] !== id)
    throw wrongAnswer(
      url,
      `answered another request: the id is ${JSON.stringify(value["id"])}, and ${JSON.stringify(id)} was asked`,
    );
  if (!Array.isArray(value["outputs"])) throw wrongAnswer(url, "answered without outputs");
  try {
    return Object.fromEntries(value["outputs"].map(readTensor));
  } catch (cause) {
    throw wrongAnswer(url, `answered with an unusable output: ${(cause as Error).message}`, { cause });
  }
}

/** Readiness is told by the status: bodies differ between servers. */
async function askReady(
  endpoint: Endpoint,
  model: string,
  signal: AbortSignal,
): Promise<{ ready: boolean; detail: string }> {
  const url = urlOf(endpoint, `${modelPath(model)}/ready`);
  const answer = await httpSend({ method: "GET", url }, signal);
  return {
    ready: answer.status === 200,
    detail: `${url.pathname} answered ${answer.status} ${shorten(answer.body)}`.trim(),
  };
}

async function askMetadata(endpoint: Endpoint, model: string, signal: AbortSignal) {
  const url = urlOf(endpoint, modelPath(model));
  const value = parsed(url, await httpSend({ method: "GET", url }, signal));
  const parameters = isObject(value["parameters"]) ? value["parameters"] : {};
  const digest = parameters["modelgate.model_digest"];
  try {
    if (typeof value["name"] !== "string") throw new SyntaxError("the metadata has no name");
    return {
      name: value["name"],
      inputs: readSpecs(value["inputs"]),
      outputs: readSpecs(value["outputs"]),
      modelDigest: typeof digest === "string" && isDigest(digest) ? digest : null,
    };
  } catch (cause) {
    throw wrongAnswer(url, `answered with unusable metadata: ${(cause as Error).message}`, { cause });
  }
}

function connect(endpoint: Endpoint, model: string): Session {
  const infer = urlOf(endpoint, `${modelPath(model)}/infer`);
  return {
    ready: (signal) => askReady(endpoint, model, signal),
    metadata: (signal) => askMetadata(endpoint, model, signal),
    prepare(inputs, id) {
      const body = bytes(bodyOf({ inputs, id }));
      return {
        async send(signal) {
          const answer = await httpSend({ method: "POST", url: infer, headers: jsonType, body }, signal);
          return { outputs: outputsOf(infer, answer, id), sent: answer.sent, done: answer.done };
        },
      };
    },
    async [Symbol.asyncDispose]() {
      // Connections are kept alive for the process and close themselves.
    },
  };
}

/** The first input with its data made wrong. */
function spoiled(good: Tensors, spoil: (tensor: Tensors[string]) => Tensors[string]): Tensors {
  const [first] = Object.entries(good);
  return first ? { ...good, [first[0]]: spoil(first[1]) } : good;
}

/** Whether the server closed the connection while the body was still being sent, as many do with one that is too large. */
const isCut = (error: unknown): boolean =>
  error instanceof WorldError &&
  error.cause instanceof Error &&
  "code" in error.cause &&
  ["EPIPE", "ECONNRESET"].includes(String(error.cause.code));

const oversizedBytes = 20 * 2 ** 20;

/** The negative table of the specification, made from one good request. */
function faults(endpoint: Endpoint, model: string, good: Tensors): Fault[] {
  const path = `${modelPath(model)}/infer`;
  const fault = (
    id: string,
    right: readonly number[],
    request: { body?: string; path?: string; method?: string; type?: string; mayCut?: boolean },
  ): Fault => ({
    id,
    right,
    async send(signal) {
      const sending = httpSend(
        {
          method: request.method ?? "POST",
          url: urlOf(endpoint, request.path ?? path),
          headers: { "content-type": request.type ?? "application/json" },
          ...(request.body !== undefined && { body: bytes(request.body) }),
        },
        signal,
      );
      const answer = await sending.catch((error: unknown) => {
        if (request.mayCut && isCut(error)) return null;
        throw error;
      });
      return answer
        ? { status: answer.status, body: shorten(answer.body) }
        : { status: 0, body: "the connection was closed without an answer" };
    },
  });
  const sound = bodyOf({ inputs: good, id: "fault" });
  const text = (tensor: Tensors[string]): Tensors[string] => ({
    ...tensor,
    data: tensor.data.map(() => "not a number"),
  });
  const longer = (tensor: Tensors[string]): Tensors[string] => ({
    ...tensor,
    shape: [...tensor.shape.slice(0, -1), (tensor.shape.at(-1) ?? 0) + 1],
    data: [...tensor.data, tensor.data[0] ?? 0],
  });
  return [
    fault("malformed JSON", [400], { body: sound.slice(0, -2) }),
    fault("no inputs", [400, 422], { body: "{}" }),
    fault("missing input", [400, 422], { body: '{"inputs":[]}' }),
    fault("wrong shape", [400], { body: bodyOf({ inputs: spoiled(good, longer), id: "fault" }) }),
    fault("wrong type", [400, 422], { body: bodyOf({ inputs: spoiled(good, text), id: "fault" }) }),
    fault("unknown model", [404], { body: sound, path: "/v2/models/modelgate-no-such-model/infer" }),
    fault("wrong content type", [415, 400], { body: "x=1", type: "text/plain" }),
    fault("oversized body", [413, 400], {
      body: `{"inputs":[{"data":[${"0,".repeat(oversizedBytes / 2)}0]}]}`,
      mayCut: true,
    }),
    fault("GET on infer", [405, 404], { method: "GET" }),
  ];
}

/** Open Inference Protocol v2 over REST: KServe, Triton, MLServer, OpenVINO Model Server, modelgate's own server. */
export const v2: Protocol = { kind: "v2", connect, faults };
