import { join } from "node:path";
import {
  type GrpcObject,
  loadPackageDefinition,
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type ServiceClientConstructor,
  type sendUnaryData,
  status,
} from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import type { Endpoint } from "../../src/domain/release.ts";

/** Messages as the proto file has them, with integers of 64 bits as texts. */
export interface InferRequest {
  model_name: string;
  id: string;
  inputs: { name: string; datatype: string; shape: string[]; contents: Record<string, unknown[]> | null }[];
  raw_input_contents: Buffer[];
}
export type InferResponse = object;
/** A refusal: a code of gRPC and what is said beside it. */
export interface Refusal {
  code: status;
  details: string;
}

export interface GrpcOptions {
  ready?: () => boolean;
  /** PEM; without it plain text. `ca`: only who shows a certificate of it is served. */
  tls?: { cert: string; key: string; ca?: string };
  /** Told what metadata came with each inference. */
  seen?: (metadata: Record<string, unknown>, request: InferRequest) => void;
}

export interface GrpcServer extends AsyncDisposable {
  endpoint: Endpoint;
}

const proto = join(import.meta.dirname, "../fixtures/protocols/open_inference.proto");
const tensor = (name: string, side: number) => ({ name, datatype: "FP32", shape: ["-1", String(side)] });

/** Refuses what is not one number of the model m, as MLServer does. */
export function oneNumber({ model_name, inputs, raw_input_contents }: InferRequest): number | Refusal {
  const invalid = (details: string): Refusal => ({ code: status.INVALID_ARGUMENT, details });
  if (model_name !== "m")
    return { code: model_name === "" ? status.INVALID_ARGUMENT : status.NOT_FOUND, details: "no such model" };
  const [input] = inputs;
  if (!input) return invalid("no input");
  const data = raw_input_contents[0]
    ? Array.from({ length: raw_input_contents[0].length / 4 }, (_, at) => raw_input_contents[0]!.readFloatLE(4 * at))
    : ((input.contents?.["fp32_contents"] ?? []) as number[]);
  const size = input.shape.reduce((product, side) => product * Number(side), 1);
  if (size !== data.length || data.length !== 1 || !Number.isFinite(data[0]))
    return invalid(`${data.length} values for ${input.shape.join()}`);
  return data[0]!;
}

/** Two probabilities in their own field. */
export const typed = (id: string, data: readonly number[]): InferResponse => ({
  ...{ model_name: "m", id },
  outputs: [{ ...tensor("p", 2), shape: ["1", "2"], contents: { fp32_contents: data } }],
});

/** A real server of the Open Inference Protocol over gRPC that can be told to misbehave. */
export async function grpcServer(
  answer: (request: InferRequest) => InferResponse | Refusal | Promise<InferResponse | Refusal>,
  { ready = () => true, tls, seen }: GrpcOptions = {},
): Promise<GrpcServer> {
  const loaded = loadPackageDefinition(loadSync(proto, { keepCase: true, longs: String, defaults: true }));
  const { service } = (loaded["inference"] as GrpcObject)["GRPCInferenceService"] as ServiceClientConstructor;
  const server = new Server({ "grpc.max_receive_message_length": 2 ** 20 });
  const metadata = { name: "m", versions: [], platform: "test", inputs: [tensor("x", 1)], outputs: [tensor("p", 2)] };
  server.addService(service, {
    ServerReady: (_: unknown, reply: sendUnaryData<object>) => reply(null, { ready: ready() }),
    ModelReady: (_: unknown, reply: sendUnaryData<object>) => reply(null, { ready: ready() }),
    ModelMetadata: (_: unknown, reply: sendUnaryData<object>) => reply(null, metadata),
    async ModelInfer(call: ServerUnaryCall<InferRequest, object>, reply: sendUnaryData<object>) {
      seen?.(call.metadata.getMap(), call.request);
      const answered = await answer(call.request);
      if ("code" in answered)
        reply({ code: answered.code as status, details: (answered as Refusal).details, name: "", message: "" });
      else reply(null, answered);
    },
  });
  const credentials = tls
    ? ServerCredentials.createSsl(
        tls.ca === undefined ? null : Buffer.from(tls.ca),
        [{ cert_chain: Buffer.from(tls.cert), private_key: Buffer.from(tls.key) }],
        tls.ca !== undefined,
      )
    : ServerCredentials.createInsecure();
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync("127.0.0.1:0", credentials, (error, bound) => (error ? reject(error) : resolve(bound))),
  );
  return {
    endpoint: { url: `${tls ? "https" : "http"}://127.0.0.1:${port}`, protocol: "v2-grpc" },
    async [Symbol.asyncDispose]() {
      server.forceShutdown();
    },
  };
}
