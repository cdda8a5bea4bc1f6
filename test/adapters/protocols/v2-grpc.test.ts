import { status } from "@grpc/grpc-js";
import { expect, onTestFinished, test } from "vitest";
import { isReady } from "../../../src/adapters/platforms/shared/readiness.ts";
import { protocols } from "../../../src/adapters/protocols/index.ts";
import type { Dtype } from "../../../src/domain/model.ts";
import { WorldError } from "../../../src/domain/problem.ts";
import type { Tensor, Tensors } from "../../../src/domain/tensor.ts";
import type { RequestOptions } from "../../../src/ports/protocol.ts";
import { authority } from "../../fakes/certificates.ts";
import {
  type GrpcOptions,
  grpcServer,
  type InferRequest,
  type InferResponse,
  type Refusal,
  typed,
} from "../../fakes/grpc-server.ts";

const { signal } = new AbortController();
const v2Grpc = protocols["v2-grpc"];
const x: Tensors = { x: { dtype: "float32", shape: [1, 1], data: [0.5] } };

type Answering = (request: InferRequest) => InferResponse | Refusal;

/** A session with a server that answers so. */
async function serving(answer: Answering, options: RequestOptions = {}, serverOptions: GrpcOptions = {}) {
  const server = await grpcServer(answer, serverOptions);
  onTestFinished(() => server[Symbol.asyncDispose]());
  return { session: v2Grpc.connect(server.endpoint, "m", options), endpoint: server.endpoint };
}

const failure = (work: Promise<unknown>): Promise<WorldError> =>
  work.then(
    () => Promise.reject(new Error("it did not fail")),
    (error: unknown) => (error instanceof WorldError ? error : Promise.reject(error)),
  );

/** What a server makes of inputs: the same tensors, as outputs of these names. */
const echo: Answering = ({ id, inputs, raw_input_contents }) => ({
  model_name: "m",
  id,
  outputs: inputs.map(({ name, datatype, shape, contents }) => ({
    name,
    datatype,
    shape,
    ...(contents && { contents }),
  })),
  raw_output_contents: raw_input_contents,
});

const every: Record<string, Tensor> = Object.fromEntries(
  (
    [
      ["bool", [true, false]],
      ["int8", [-128, 127]],
      ["int16", [-32768, 7]],
      ["int32", [-2147483648, 2147483647]],
      ["int64", [-9223372036854775808n, 9007199254740993n]],
      ["uint8", [0, 255]],
      ["uint16", [0, 65535]],
      ["uint32", [0, 4294967295]],
      ["uint64", [5, 18446744073709551615n]],
      ["float32", [0.5, Number.NEGATIVE_INFINITY]],
      ["float64", [0.1, 1e308]],
      ["string", ["grüße", ""]],
    ] satisfies [Dtype, Tensor["data"]][]
  ).map(([dtype, data]) => [dtype, { dtype, shape: [2], data }]),
);

test.each([false, true])("every type comes back as it was sent, as bytes: %s", async (binary) => {
  const { session } = await serving(echo, { binary });
  expect((await session.prepare(every, "a").send(signal)).outputs).toEqual(every);
});

test("halves are not sent, and are read where a server answers them", async () => {
  const { session } = await serving(({ id }) => ({
    ...{ model_name: "m", id },
    outputs: [{ name: "h", datatype: "FP16", shape: ["1"] }],
    raw_output_contents: [Buffer.of(0, 0x3c)],
  }));
  expect((await session.prepare(x, "a").send(signal)).outputs).toEqual({
    h: { dtype: "float16", shape: [1], data: [1] },
  });
  expect(() => session.prepare({ x: { dtype: "float16", shape: [1], data: [1] } }, "a")).toThrow(RangeError);
});

const sound = { name: "p", datatype: "FP32", shape: ["1", "2"], contents: { fp32_contents: [0.25, 0.75] } };
const answering =
  (more: object): Answering =>
  ({ id }) => ({ model_name: "m", id, outputs: [sound], ...more });

test.each<[string, Answering, RegExp]>([
  ["the id of another request", answering({ id: "b" }), /answered another request: the id is b, and a was asked/],
  [
    "fewer elements than its shape",
    answering({ outputs: [{ ...sound, shape: ["1", "3"] }] }),
    /has 2 values, and its shape \[1,3\] needs 3/,
  ],
  ["no datatype", answering({ outputs: [{ ...sound, datatype: "" }] }), /has the datatype ""/],
  [
    "elements of another type",
    answering({ outputs: [{ ...sound, contents: { fp64_contents: [1, 2] } }] }),
    /contents are of another type/,
  ],
  ["an output twice", answering({ outputs: [sound, sound] }), /"p" stands twice/],
  [
    "bytes for one of two outputs",
    answering({ outputs: [sound, { ...sound, name: "q" }], raw_output_contents: [Buffer.alloc(8)] }),
    /2 outputs have 1 pieces/,
  ],
  [
    "bytes that are no whole elements",
    answering({ raw_output_contents: [Buffer.alloc(7)] }),
    /has 7 bytes, and an element has 4/,
  ],
  [
    "a shape below nothing",
    answering({ outputs: [{ ...sound, shape: ["-1", "2"] }] }),
    /shape is not of whole numbers/,
  ],
])("an answer with %s is refused", async (_, answer, why) => {
  const { session } = await serving(answer);
  const error = await failure(session.prepare(x, "a").send(signal));
  expect(error).toMatchObject({ problem: { code: "endpoint.answer" }, retryable: false });
  expect(error.problem.message).toMatch(why);
});

test("an answer without an id is taken", async () => {
  const { session } = await serving(answering({ id: "" }));
  expect((await session.prepare(x, "a").send(signal)).outputs["p"]?.data).toEqual([0.25, 0.75]);
});

test.each<[keyof typeof status, string, boolean]>([
  ["INVALID_ARGUMENT", "endpoint.answer", false],
  ["INTERNAL", "endpoint.answer", false],
  ["RESOURCE_EXHAUSTED", "endpoint.answer", true],
  ["UNAVAILABLE", "endpoint.unreachable", true],
])("%s is %s, worth another try: %s", async (name, code, retryable) => {
  const { session } = await serving(() => ({ code: status[name], details: "it is so" }));
  const error = await failure(session.prepare(x, "a").send(signal));
  expect(error).toMatchObject({ problem: { code, message: expect.stringContaining("it is so") }, retryable });
});

test("what comes with every request comes as metadata", async () => {
  const seen: Record<string, unknown>[] = [];
  const options = { access: { Authorization: "Bearer 1" }, host: "models.example" };
  const { session } = await serving(echo, options, { seen: (metadata) => seen.push(metadata) });
  await session.prepare(x, "a").send(signal);
  expect(seen).toMatchObject([{ authorization: "Bearer 1" }]);
});

test("a certificate is asked for, shown, and not trusted without its authority", async () => {
  const ca = await authority("test authority");
  const [own, client] = [
    await ca.issue("server", { type: "ip", value: "127.0.0.1" }),
    await ca.issue("client", { type: "dns", value: "client.example" }),
  ];
  const tls = { ...own, ca: ca.cert };
  const { session, endpoint } = await serving(echo, { tls: { ca: ca.cert, client } }, { tls });
  expect((await session.prepare(x, "a").send(signal)).outputs).toEqual(x);
  const stranger = v2Grpc.connect(endpoint, "m", { tls: { client } });
  expect(await failure(stranger.prepare(x, "a").send(signal))).toMatchObject({
    problem: { code: "endpoint.unreachable", hint: expect.stringContaining("access.tls.ca") },
    retryable: false,
  });
  const nobody = v2Grpc.connect(endpoint, "m", { tls: { ca: ca.cert } });
  expect(await failure(nobody.prepare(x, "a").send(signal))).toMatchObject({
    problem: { code: "endpoint.unreachable" },
  });
});

test("bad requests are bad, each in its own way", async () => {
  const asked: InferRequest[] = [];
  const { session, endpoint } = await serving(
    () => typed("", [Number.NaN, 1]),
    {},
    { seen: (_, request) => asked.push(request) },
  );
  const told: [string, number | string][] = [];
  for (const { id, send } of v2Grpc.faults(endpoint, "m", x))
    told.push([
      id,
      await send(signal).then(
        ({ status: code }) => code,
        (error: Error) => error.message,
      ),
    ]);
  const taken = /answered OK with NaN in p/;
  expect(told).toEqual([
    ["malformed message", 500],
    ["empty message", 200],
    ["missing input", 200],
    ["wrong shape", 200],
    ["wrong type", 200],
    ...["NaN", "3e+38", "empty batch"].map((id) => [id, expect.stringMatching(taken)]),
    ["oversized message", 429],
    ["unknown model", 200],
  ]);
  expect(
    asked.map(({ model_name, inputs: [input] }) => [
      model_name,
      input?.shape.join(),
      Object.keys(input?.contents ?? {}).find((key) => (input!.contents![key] as unknown[]).length > 0),
    ]),
  ).toEqual([
    ["", undefined, undefined],
    ["m", undefined, undefined],
    ["m", "1,2", "fp32_contents"],
    ["m", "1,1", "bytes_contents"],
    ["m", "1,1", "fp32_contents"],
    ["m", "1,1", "fp32_contents"],
    ["m", "0,1", undefined],
    ["modelgate-no-such-model", "1,1", "fp32_contents"],
  ]);
  expect(await session.ready(signal)).toMatchObject({ ready: true });
});

test("a platform asks it whether the release is ready", async () => {
  let ready = false;
  const { endpoint } = await serving(echo, {}, { ready: () => ready });
  const release = { protocol: "v2-grpc", model: { name: "m" } };
  expect(await isReady(release, endpoint.url, signal)).toBe(false);
  ready = true;
  expect(await isReady(release, endpoint.url, signal)).toBe(true);
  expect(await isReady(release, "http://127.0.0.1:9", signal)).toBe(false);
});
