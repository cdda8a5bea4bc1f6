import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { v2 } from "../../../src/adapters/protocols/v2.ts";
import { readJson } from "../../../src/domain/json.ts";
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
  ])("%s", async (_title, answer, message, retryable) => {
    const error = await failure(answer);
    expect(error.message).toMatch(message);
    expect(error.retryable).toBe(retryable);
  });
});

test("each fault gets an answer from a sound server that is not a success", async () => {
  await using server = await v2Server(thresholding);
  const statuses: Record<string, number> = {};
  for (const fault of v2.faults(server.endpoint, "m", input)) statuses[fault.id] = (await fault.send(signal)).status;
  expect(statuses).toMatchObject({
    "malformed JSON": 400,
    "no inputs": 400,
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

describe("the tolerant JSON reader", () => {
  test("reads whatever JSON.stringify writes", () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 4 }), (text) => {
        fc.pre(!text.includes("__proto__") && !/[eE]\+?\d{3}/.test(text));
        const plain = JSON.stringify(readJson(text), (_key, value: unknown) =>
          typeof value === "bigint" ? Number(value) : value,
        );
        expect(plain).toBe(JSON.stringify(JSON.parse(text)));
      }),
    );
    expect(readJson("[1]")).toEqual([1]);
  });

  test.each([
    "",
    "[",
    "{",
    '{"a"}',
    "[1,]",
    "nul",
    "01",
    '"\u0001"',
    "[1] 2",
    "{'a':1}",
    `${"[".repeat(300)}${"]".repeat(300)}`,
  ])("refuses %j", (text) => {
    expect(() => readJson(text)).toThrow(SyntaxError);
  });

  test("never throws anything but a SyntaxError", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        try {
          readJson(text);
        } catch (error) {
          expect(error).toBeInstanceOf(SyntaxError);
        }
      }),
    );
    expect(readJson(" null ")).toBeNull();
  });
});
