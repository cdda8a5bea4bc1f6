import { grpcStatus } from "../../domain/grpc-status.ts";
import type { Endpoint } from "../../domain/release.ts";
import { shorten } from "../../domain/shorten.ts";
import type { Tensors } from "../../domain/tensor.ts";
import type { Protocol, RequestOptions, Session } from "../../ports/protocol.ts";
import { type GrpcAnswer, type GrpcRequest, grpcSend } from "../system/grpc.ts";
import { faultsOf, grpcFault } from "./grpc/faults.ts";
import { readInfer, readMetadata, readReady, speaks, writeInfer, writeName } from "./grpc/messages.ts";
import { wrongAnswer } from "./shared/answers.ts";
import { bytes } from "./shared/request.ts";

/** RESOURCE_EXHAUSTED and ABORTED: the same call may succeed later. */
const passing = new Set([8, 10]);

/** A call of the service, as the user wants calls to be made. */
function callOf(
  { url }: Endpoint,
  method: "ModelReady" | "ModelMetadata" | "ModelInfer",
  message: Uint8Array,
  { access, host, tls }: RequestOptions,
): GrpcRequest {
  return {
    ...{ url: new URL(url), method: `/inference.GRPCInferenceService/${method}`, message },
    ...(access && { metadata: access }),
    ...(host !== undefined && { host }),
    ...(tls && { tls }),
  };
}

/** The address of a method, for messages. */
const place = ({ url, method }: GrpcRequest): URL => new URL(method, url);

/** What a good answer holds. @throws WorldError `endpoint.answer` for another status, and for a message that is not sound. */
function readAnswer<T>(request: GrpcRequest, { code, details, message }: GrpcAnswer, read: (message: Buffer) => T): T {
  if (code !== 0) {
    const why = `answered ${grpcStatus(code).name}: ${shorten(details, 300)}`;
    throw wrongAnswer(place(request), speaks, why, { retryable: passing.has(code) });
  }
  try {
    return read(message);
  } catch (cause) {
    throw wrongAnswer(place(request), speaks, `answered with an unusable message: ${(cause as Error).message}`, {
      cause,
    });
  }
}

/** The outputs of an inference. @param id the request's. */
function outputsOf(request: GrpcRequest, answer: GrpcAnswer, id: string): Tensors {
  const { id: answered, outputs } = readAnswer(request, answer, readInfer);
  if (answered === "" || answered === id) return outputs;
  const why = `answered another request: the id is ${shorten(answered, 300)}, and ${id} was asked`;
  throw wrongAnswer(place(request), speaks, why);
}

function connect(endpoint: Endpoint, model: string, options: RequestOptions = {}): Session {
  return {
    async ready(signal) {
      const request = callOf(endpoint, "ModelReady", writeName(model), options);
      const answer = await grpcSend(request, signal);
      const ready = answer.code === 0 && readAnswer(request, answer, readReady);
      const said = answer.code === 0 ? `ready: ${ready}` : `${grpcStatus(answer.code).name} ${answer.details}`;
      return { ready, detail: `${place(request).pathname} answered ${shorten(said, 300)}`.trim() };
    },
    async metadata(signal) {
      const request = callOf(endpoint, "ModelMetadata", writeName(model), options);
      return { ...readAnswer(request, await grpcSend(request, signal), readMetadata), modelDigest: null };
    },
    prepare(inputs, id) {
      const message = writeInfer({ model, id, inputs, raw: options.binary ?? false });
      const request = callOf(endpoint, "ModelInfer", message, options);
      return {
        async send(signal) {
          const answer = await grpcSend(request, signal);
          return { outputs: outputsOf(request, answer, id), sent: answer.sent, done: answer.done };
        },
      };
    },
    async [Symbol.asyncDispose]() {
      // Connections are kept alive for the process and close themselves.
    },
  };
}

/**
 * Open Inference Protocol v2 over gRPC: KServe, Triton, MLServer, OpenVINO Model Server.
 * https://github.com/kserve/open-inference-protocol/blob/main/specification/protocol/open_inference_grpc.proto
 */
export const v2Grpc: Protocol = {
  kind: "v2-grpc",
  takes: ["binary"],
  connect,
  faults: (endpoint, model, good, options = {}) =>
    faultsOf(
      model,
      good,
      (message) => callOf(endpoint, "ModelInfer", message, options),
      (request, answer, id) => outputsOf(request, answer, id),
    ),
  badRequest: (endpoint, _model, { id, body, status }, options = {}) =>
    grpcFault(id, status, callOf(endpoint, "ModelInfer", bytes(body), options)),
};
