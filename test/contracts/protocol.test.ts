import { protocols } from "../../src/adapters/protocols/index.ts";
import { v2 } from "../../src/adapters/protocols/v2.ts";
import type { Dialect } from "../../src/domain/dialect.ts";
import { grpcServer, oneNumber, typed } from "../fakes/grpc-server.ts";
import { inDialect } from "../fakes/in-dialect.ts";
import { type JsonServing, jsonServer } from "../fakes/json-server.ts";
import { fakeProtocol } from "../fakes/protocol.ts";
import { type Answering, probabilities, thresholding, v2Server } from "../fakes/v2-server.ts";
import { protocolContract } from "./protocol.ts";

protocolContract("fake", async () => {
  const protocol = fakeProtocol();
  return {
    protocol,
    endpoint: { url: "fake:", protocol: "fake" },
    async become(state) {
      if (state === "loading") protocol.ready = false;
      else if (state === "hanging") protocol.hangs = true;
      else if (state === "gone") protocol.up = false;
      else protocol.answer = () => [Number.NaN, 0.5];
    },
    dispose: async () => undefined,
  };
});

protocolContract("v2", async () => {
  let state = "sound";
  const answer: Answering = (request, count) => {
    if (state === "hanging") return { hang: true };
    if (state === "answering NaN") return { body: probabilities(request.id, ["NaN", 0.5]) };
    return thresholding(request, count);
  };
  const server = await v2Server(answer, { ready: () => state !== "loading" });
  return {
    protocol: v2,
    endpoint: server.endpoint,
    async become(next) {
      state = next;
      if (next === "gone") await server[Symbol.asyncDispose]();
    },
    dispose: async () => (state === "gone" ? undefined : server[Symbol.asyncDispose]()),
  };
});

protocolContract("v2-grpc", async () => {
  let state = "sound";
  const server = await grpcServer(
    async (request) => {
      if (state === "hanging") return new Promise(() => undefined);
      if (state === "answering NaN") return typed(request.id, [Number.NaN, 0.5]);
      const x = oneNumber(request);
      if (typeof x !== "number") return x;
      return typed(request.id, x >= 0.5 ? [0.2, 0.8] : [0.7, 0.3]);
    },
    { ready: () => state !== "loading" },
  );
  return {
    protocol: protocols["v2-grpc"],
    cutOff: 500,
    single: true,
    endpoint: server.endpoint,
    async become(next) {
      state = next;
      if (next === "gone") await server[Symbol.asyncDispose]();
    },
    dispose: async () => (state === "gone" ? undefined : server[Symbol.asyncDispose]()),
  };
});

/** The number that rows of one ask, or an exception. */
function numberIn(rows: unknown): number {
  const [row, ...more] = rows as [unknown];
  const [x] = Array.isArray(row) ? (row as [unknown]) : [row];
  if (typeof x !== "number" || more.length > 0) throw new TypeError("not one number");
  return x;
}
const probabilitiesOf = (x: unknown): string =>
  Number.isNaN(x) ? "[[NaN, 0.5]]" : (x as number) >= 0.5 ? "[[0.2, 0.8]]" : "[[0.7, 0.3]]";
const predictions = (x: unknown): string => `{"predictions": ${probabilitiesOf(x)}}`;
const instances = (body: unknown): number => numberIn((body as { instances: unknown }).instances);

/** Servers as their documentation has them. */
const servings: Record<string, Omit<JsonServing, "kind"> & { dialect?: Dialect }> = {
  v1: {
    ...{ readyPath: "/v1/models/m", readyBody: '{"name": "m", "ready": true}', notReadyBody: '{"error": "not ready"}' },
    ...{ inferPath: "/v1/models/m:predict", asked: instances, answer: predictions },
  },
  tfserving: {
    readyPath: "/v1/models/m",
    readyBody:
      '{"model_version_status": [{"version": "1", "state": "END"}, {"version": "3", "state": "AVAILABLE", "status": {"error_code": "OK", "error_message": ""}}]}',
    ...{ inferPath: "/v1/models/m:predict", asked: instances, answer: predictions },
  },
  mlflow: {
    ...{ readyPath: "/ping", readyBody: "\n", inferPath: "/invocations", answer: predictions },
    asked: (body) => numberIn((body as { inputs: unknown }).inputs),
  },
  sagemaker: {
    ...{ readyPath: "/ping", readyBody: "", inferPath: "/invocations", asked: instances, answer: predictions },
  },
  vertex: {
    ...{ readyPath: "/alive", readyBody: "", inferPath: "/answer", asked: instances, answer: predictions },
    dialect: { vertex: { health: "/alive", predict: "/answer" } },
  },
  torchserve: {
    ...{ readyPath: "/ping", readyBody: '{"status": "Healthy"}', notReadyBody: '{"status": "Unhealthy"}' },
    ...{ inferPath: "/predictions/m", asked: instances, answer: predictions },
  },
  http: {
    ...{ readyPath: "/up", readyBody: "", inferPath: "/ask" },
    asked: (body) => numberIn((body as { of: { x: unknown } }).of.x),
    answer: (x) => `{"answers": [{"p": ${probabilitiesOf(x)}}]}`,
    dialect: {
      http: {
        ...{ ready: "/up", method: "POST", path: "/ask" },
        ...{ body: { of: { x: "{x}" } }, read: { predictions: "/answers/0/p" } },
      },
    },
  },
  bentoml: {
    ...{ readyPath: "/readyz", readyBody: "\n", inferPath: "/predict", answer: probabilitiesOf },
    asked: (body) => numberIn((body as { x: unknown }).x),
  },
};

for (const [kind, { dialect = {}, ...serving }] of Object.entries(servings))
  protocolContract(kind, async () => {
    const server = await jsonServer({ kind, ...serving });
    let gone = false;
    return {
      protocol: inDialect(protocols[kind as keyof typeof protocols], dialect),
      endpoint: server.endpoint,
      unnamed: "predictions",
      async become(next) {
        gone = next === "gone";
        if (gone) await server[Symbol.asyncDispose]();
        else server.become(next);
      },
      dispose: async () => (gone ? undefined : server[Symbol.asyncDispose]()),
    };
  });
