import { describe, expect, test } from "vitest";
import { writeTensor } from "../../../src/adapters/protocols/v2/tensors.ts";
import { v2 } from "../../../src/adapters/protocols/v2.ts";
import { WorldError } from "../../../src/domain/problem.ts";
import type { Tensors } from "../../../src/domain/tensor.ts";
import { type Answering, probabilities, thresholding, v2Server } from "../../fakes/v2-server.ts";

const signal = new AbortController().signal;
const input: Tensors = { x: { dtype: "float32", shape: [1, 1], data: [0.9] } };

async function ask(answer: Answering): Promise<Tensors> {
  await using server = await v2Server(answer);
  await using session = v2.connect(server.endpoint, "m");
  return (await session.prepare(input, "a").send(signal)).outputs;
}

const failure = async (answer: Answering): Promise<WorldError> => {
  const error = await ask(answer).then(
    () => null,
    (reason: unknown) => reason,
  );
  if (error instanceof WorldError) return error;
  throw new Error("expected an error of the world", { cause: error });
};

describe("a good answer", () => {
  test("is read as tensors, with times on the monotonic clock", async () => {
    await using server = await v2Server(thresholding);
    await using session = v2.connect(server.endpoint, "m");
    const before = performance.now();
    const { outputs, sent, done } = await session.prepare(input, "a").send(signal);
    expect(outputs).toEqual({ p: { dtype: "float32", shape: [1, 2], data: [0.2, 0.8] } });
    expect(before <= sent && sent <= done && done <= performance.now()).toBe(true);
  });

  test("may be compressed", async () => {
    expect((await ask(({ id }) => ({ body: probabilities(id, [0.5, 0.5]), gzip: true })))["p"]?.data).toEqual([
      0.5, 0.5,
    ]);
  });

  test("may hold bare NaN and infinities, and integers beyond 2^53 exactly", async () => {
    expect((await ask(() => ({ body: probabilities("a", ["NaN", "-Infinity"]) })))["p"]?.data).toEqual([
      Number.NaN,
      Number.NEGATIVE_INFINITY,
    ]);
    const body = '{"id":"a","outputs":[{"name":"n","datatype":"INT64","shape":[1],"data":[9007199254740993]}]}';
    expect((await ask(() => ({ body })))["n"]?.data).toEqual([9007199254740993n]);
  });

  test("may nest its data", async () => {
    const body = '{"id":"a","outputs":[{"name":"p","datatype":"FP32","shape":[1,2],"data":[[1,2]]}]}';
    expect((await ask(() => ({ body })))["p"]?.data).toEqual([1, 2]);
  });
});

describe("a bad answer is named", () => {
  test.each<[string, Answering, RegExp, boolean]>([
    ["crossed ids", () => ({ body: probabilities("b", [1, 0]) }), /another request/, false],
    ["200 with an error", () => ({ body: '{"error":"no"}' }), /says error/, false],
    ["half a body", ({ id }) => ({ body: probabilities(id, [1, 0]), cut: true }), /no answer/, true],
    ["no JSON", () => ({ body: "<html>" }), /not the protocol's/, false],
    [
      "too few values",
      () => ({ body: '{"id":"a","outputs":[{"name":"p","datatype":"FP32","shape":[1,3],"data":[1,2]}]}' }),
      /2 values.*needs 3/,
      false,
    ],
    ["a key twice", () => ({ body: '{"id":"a","id":"a","outputs":[]}' }), /twice/, false],
    [
      "an unknown datatype",
      () => ({ body: '{"id":"a","outputs":[{"name":"p","datatype":"FP8","shape":[1],"data":[1]}]}' }),
      /FP8/,
      false,
    ],
    ["500", () => ({ status: 500, body: "{}" }), /answered 500/, false],
    ["503", () => ({ status: 503, body: "{}" }), /answered 503/, true],
    ["a connection closed without an answer", () => ({ reset: true }), /no answer/, true],
    [
      "a name twice",
      () => ({
        body: '{"outputs":[{"name":"p","datatype":"FP32","shape":[1],"data":[1]},{"name":"p","datatype":"FP32","shape":[1],"data":[2]}]}',
      }),
      /"p" stands twice/,
      false,
    ],
    [
      "a negative shape",
      () => ({ body: '{"outputs":[{"name":"p","datatype":"FP32","shape":[-1,-2],"data":[1,2]}]}' }),
      /whole numbers from 0/,
      false,
    ],
    [
      "NaN among integers",
      () => ({ body: '{"outputs":[{"name":"p","datatype":"INT64","shape":[1],"data":[NaN]}]}' }),
      /int64 tensor holds NaN/,
      false,
    ],
    [
      "a text among numbers",
      () => ({ body: '{"outputs":[{"name":"p","datatype":"FP32","shape":[1],"data":["1"]}]}' }),
      /float32 tensor holds "1"/,
      false,
    ],
    [
      "a body that is not what its encoding says",
      ({ id }) => ({ body: probabilities(id, [1, 0]), headers: { "content-encoding": "gzip" } }),
      /cannot be read/,
      false,
    ],
    [
      "an encoding that was not asked for",
      ({ id }) => ({ body: probabilities(id, [1, 0]), headers: { "content-encoding": "br" } }),
      /"br" was not asked for/,
      false,
    ],
  ])("%s", async (_title, answer, message, retryable) => {
    const error = await failure(answer);
    expect(error.message).toMatch(message);
    expect(error.retryable).toBe(retryable);
  });
});

test.each([
  ["7", 7000],
  ["Thu, 01 Jan 1970 00:00:00 GMT", 0],
  ["soon", null],
])("a busy server's Retry-After: %s is read", async (header, milliseconds) => {
  const error = await failure(() => ({ status: 429, body: "{}", headers: { "retry-after": header } }));
  expect([error.retryable, error.retryAfter]).toEqual([true, milliseconds]);
});

test("a kept connection that the server closes just when it is used again is not a failure", async () => {
  await using server = await v2Server((request, count) =>
    count === 2 ? { reset: true } : thresholding(request, count),
  );
  await using session = v2.connect(server.endpoint, "m");
  const call = session.prepare(input, "a");
  await call.send(signal);
  expect((await call.send(signal)).outputs["p"]?.data).toEqual([0.2, 0.8]);
  expect(server.requests()).toBe(3);
});

test("integers beyond 2^53 are sent exactly, and what JSON cannot say is not sent", async () => {
  const session = v2.connect({ url: "http://127.0.0.1:9/base/", protocol: "v2" }, "m");
  const nan: Tensors = { x: { dtype: "float32", shape: [1], data: [Number.NaN] } };
  expect(() => session.prepare(nan, "a")).toThrow(/NaN cannot be sent/);
  expect(writeTensor("n", { dtype: "int64", shape: [1], data: [2n ** 63n - 1n] })).toBe(
    '{"name":"n","datatype":"INT64","shape":[1],"data":[9223372036854775807]}',
  );
});

describe("a request at the edge of what is right", () => {
  const edge = async (answer: Answering) => {
    await using server = await v2Server(answer, { lenient: true });
    const fault = v2.faults(server.endpoint, "m", input).find(({ id }) => id === "1e308");
    return await fault!.send(signal);
  };

  test("may be answered with finite numbers", async () => {
    expect((await edge(({ id }) => ({ body: probabilities(id, [0, 1]) }))).status).toBe(200);
  });

  test.each(["NaN", "Infinity"])("may not be answered with %s", async (value) => {
    await expect(edge(({ id }) => ({ body: probabilities(id, [value, 1]) }))).rejects.toThrow(
      new RegExp(`answered 200 with ${value} in p`),
    );
  });
});

test("a text input is spoiled by what is no text, and has no NaN", async () => {
  const bodies: string[] = [];
  await using server = await v2Server(thresholding, { seen: (body) => bodies.push(body) });
  const text: Tensors = { x: { dtype: "string", shape: [1, 1], data: ["hello"] } };
  const faults = v2.faults(server.endpoint, "m", text);
  expect(faults.map(({ id }) => id)).not.toContain("NaN");
  await faults.find(({ id }) => id === "wrong type")!.send(signal);
  expect(bodies).toEqual([expect.stringContaining('"data":[{}]')]);
});

test("each fault gets an answer from a sound server that is not a success", async () => {
  await using server = await v2Server(thresholding);
  const statuses: Record<string, number> = {};
  for (const fault of v2.faults(server.endpoint, "m", input)) statuses[fault.id] = (await fault.send(signal)).status;
  expect(statuses).toMatchObject({
    "malformed JSON": 400,
    "empty object": 400,
    "missing input": 400,
    "wrong shape": 400,
    "wrong type": 400,
    "unknown model": 404,
    "wrong content type": 415,
    "GET on infer": 405,
  });
});

test("metadata are read with dtypes, shapes and the server's digest", async () => {
  await using server = await v2Server(thresholding, { digest: `sha256:${"a".repeat(64)}` });
  await using session = v2.connect(server.endpoint, "m");
  expect(await session.metadata(signal)).toEqual({
    name: "m",
    inputs: [{ name: "x", dtype: "float32", shape: [-1, 1] }],
    outputs: [{ name: "p", dtype: "float32", shape: [-1, 2] }],
    modelDigest: `sha256:${"a".repeat(64)}`,
  });
});
