import { isDigest } from "../../domain/digest.ts";
import { isObject } from "../../domain/json.ts";
import type { Endpoint } from "../../domain/release.ts";
import type { Access, Protocol, Readiness, ServedModel, Session } from "../../ports/protocol.ts";
import { httpSend } from "../system/http.ts";
import { shorten } from "./shared/answers.ts";
import { fault } from "./shared/fault.ts";
import { below, bytes, jsonType } from "./shared/request.ts";
import { readBody, readOutputs, wrongAnswer } from "./v2/answers.ts";
import { faultsOf } from "./v2/faults.ts";
import { readSpecs, writeRequest } from "./v2/tensors.ts";

const modelUrl = (endpoint: Endpoint, model: string, path: string): URL =>
  below(endpoint, `/v2/models/${encodeURIComponent(model)}${path}`);

/** Readiness is told by the status: bodies differ between servers. */
async function askReady(url: URL, headers: Access, signal: AbortSignal): Promise<Readiness> {
  const answer = await httpSend({ method: "GET", url, headers }, signal);
  return {
    ready: answer.status === 200,
    detail: `${url.pathname} answered ${answer.status} ${shorten(answer.body)}`.trim(),
  };
}

async function askMetadata(url: URL, headers: Access, signal: AbortSignal): Promise<ServedModel> {
  const value = readBody(url, await httpSend({ method: "GET", url, headers }, signal));
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

function connect(endpoint: Endpoint, model: string, access: Access = {}): Session {
  const headers = { ...jsonType, ...access };
  const infer = modelUrl(endpoint, model, "/infer");
  return {
    ready: (signal) => askReady(modelUrl(endpoint, model, "/ready"), access, signal),
    metadata: (signal) => askMetadata(modelUrl(endpoint, model, ""), access, signal),
    prepare(inputs, id) {
      const body = bytes(writeRequest(id, inputs));
      return {
        async send(signal) {
          const answer = await httpSend({ method: "POST", url: infer, headers, body }, signal);
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
  connect,
  faults: (endpoint, model, good, access = {}) =>
    faultsOf(
      modelUrl(endpoint, model, "/infer"),
      modelUrl(endpoint, "modelgate-no-such-model", "/infer"),
      good,
      access,
    ),
  badRequest: (endpoint, model, { id, body, status }, access = {}) =>
    fault(id, status, {
      method: "POST",
      url: modelUrl(endpoint, model, "/infer"),
      headers: { ...jsonType, ...access },
      body: bytes(body),
    }),
};
