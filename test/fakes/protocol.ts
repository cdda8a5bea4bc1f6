import type { Digest } from "../../src/domain/digest.ts";
import { WorldError } from "../../src/domain/problem.ts";
import type { Tensors } from "../../src/domain/tensor.ts";
import type { Call, Fault, Protocol } from "../../src/ports/protocol.ts";

/** A protocol without a network: one model that sees one number x and answers probabilities p. */
export interface FakeProtocol extends Protocol {
  /** Whether anything listens. */
  up: boolean;
  ready: boolean;
  /** Never answers an inference while it is true. */
  hangs: boolean;
  modelDigest: Digest | null;
  answer: (x: number) => readonly number[];
  /** The ids of requests in the order they came. */
  readonly asked: string[];
}

const unreachable = (message: string, retryable: boolean): WorldError =>
  new WorldError(
    { code: "endpoint.unreachable", message, hint: "Start it." },
    { side: "fake endpoint", during: "asking", retryable },
  );

/** Rejects when the signal aborts: time that runs out is the endpoint's doing. */
const never = (signal: AbortSignal): Promise<never> =>
  new Promise((_resolve, reject) => {
    const end = (): void => {
      const reason = signal.reason as Error;
      reject(reason.name === "TimeoutError" ? unreachable("no answer in time", false) : reason);
    };
    if (signal.aborted) end();
    else signal.addEventListener("abort", end);
  });

export function fakeProtocol(): FakeProtocol {
  const listen = async (signal: AbortSignal): Promise<void> => {
    signal.throwIfAborted();
    if (!fake.up) throw unreachable("nothing listens", true);
    if (fake.hangs) await never(signal);
  };
  const call = (inputs: Tensors, id: string): Call => ({
    async send(signal) {
      const sent = performance.now();
      await listen(signal);
      fake.asked.push(id);
      const data = fake.answer(Number(inputs["x"]!.data[0]));
      return { outputs: { p: { dtype: "float32", shape: [1, data.length], data } }, sent, done: performance.now() };
    },
  });
  const refused = (id: string, right: readonly number[], status: number): Fault => ({
    id,
    right,
    async send(signal) {
      await listen(signal);
      return { status, body: '{"error":"refused"}' };
    },
  });
  const fake: FakeProtocol = {
    kind: "fake",
    up: true,
    ready: true,
    hangs: false,
    modelDigest: null,
    answer: (x) => (x >= 0.5 ? [0.2, 0.8] : [0.7, 0.3]),
    asked: [],
    connect: (_endpoint, model) => ({
      async ready(signal) {
        signal.throwIfAborted();
        if (!fake.up) throw unreachable("nothing listens", true);
        return { ready: fake.ready, detail: fake.ready ? "ready" : "loading" };
      },
      async metadata(signal) {
        await listen(signal);
        return {
          name: model,
          inputs: [{ name: "x", dtype: "float32", shape: [-1, 1] }],
          outputs: [{ name: "p", dtype: "float32", shape: [-1, 2] }],
          modelDigest: fake.modelDigest,
        };
      },
      prepare: call,
      async [Symbol.asyncDispose]() {},
    }),
    faults: () => [refused("wrong shape", [400], 400), refused("unknown model", [404], 404)],
    badRequest: (_endpoint, _model, { id, status }) => refused(id, status, 400),
  };
  return fake;
}
