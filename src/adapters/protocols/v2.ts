import { isDigest } from "../../domain/digest.ts";
import { isObject } from "../../domain/json.ts";
import type { Endpoint } from "../../domain/release.ts";
import type { Tensors } from "../../domain/tensor.ts";
import type { Protocol, Readiness, RequestOptions, ServedModel, Session } from "../../ports/protocol.ts";
import { type HttpRequest, httpSend } from "../system/http.ts";
import { shorten } from "./shared/answers.ts";
import { fault } from "./shared/fault.ts";
import { below, get, post } from "./shared/request.ts";
import { readBody, readOutputs, wrongAnswer } from "./v2/answers.ts";
import { jsonLength, writeBinary } from "./v2/binary.ts";
import { faultsOf } from "./v2/faults.ts";
import { readSpecs, writeRequest } from "./v2/tensors.ts";

const modelUrl = (endpoint: Endpoint, model: string, path: string): URL =>
  below(endpoint, `/v2/models/${encodeURIComponent(model)}${path}`);

/** Readiness is told by the status: bodies differ between servers. */
async function askReady(url: URL, options: RequestOptions, signal: AbortSignal): Promise<Readiness> {
  const answer = await httpSend(get(url, options), signal);
  return {
    ready: answer.status === 200,
    detail: `${url.pathname} answered ${answer.status} ${shorten(answer.body)}`.trim(),
  };
}

async function askMetadata(url: URL, options: RequestOptions, signal: AbortSignal): Promise<ServedModel> {
  const value = readBody(url, await httpSend(get(url, options), signal));
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

function binaryPost(infer: URL, id: string, inputs: Tensors, options: RequestOptions): HttpRequest {
  const { length, body } = writeBinary(id, inputs);
  const { headers, ...request } = post(infer, "", options);
  return {
    ...request,
    headers: { ...headers, "content-type": "application/octet-stream", [jsonLength]: `${length}` },
    body,
  };
}

function connect(endpoint: Endpoint, model: string, options: RequestOptions = {}): Session {
  const infer = modelUrl(endpoint, model, "/infer");
  return {
    ready: (signal) => askReady(modelUrl(endpoint, model, "/ready"), options, signal),
    metadata: (signal) => askMetadata(modelUrl(endpoint, model, ""), options, signal),
    prepare(inputs, id) {
      const request = options.binary
        ? binaryPost(infer, id, inputs, options)
        : post(infer, writeRequest(id, inputs), options);
      return {
        async send(signal) {
          const answer = await httpSend(request, signal);
          return { outputs: readOutputs(infer, answer, id), sent: answer.sent, done: answer.done };
        },
      };
    },
    async [Symbol.asyncDispose]() {
      // Connections are kept alive for the process and close themselves.
    },
  };
}

/**
 * Open Inference Protocol v2 over REST: KServe, Triton, MLServer, OpenVINO Model Server, modelgate's own server.
 * https://github.com/kserve/open-inference-protocol/blob/main/specification/protocol/inference_rest.md
 */
export const v2: Protocol = {
  kind: "v2",
  takes: ["binary"],
  connect,
  faults: (endpoint, model, good, options = {}) =>
    faultsOf(
      modelUrl(endpoint, model, "/infer"),
      modelUrl(endpoint, "modelgate-no-such-model", "/infer"),
      good,
      options,
    ),
  badRequest: (endpoint, model, { id, body, status }, options = {}) =>
    fault(id, status, post(modelUrl(endpoint, model, "/infer"), body, options)),
};
