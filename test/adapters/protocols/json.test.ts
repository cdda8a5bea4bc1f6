import { describe, expect, onTestFinished, test } from "vitest";
import { protocols } from "../../../src/adapters/protocols/index.ts";
import { WorldError } from "../../../src/domain/problem.ts";
import type { Tensor, Tensors } from "../../../src/domain/tensor.ts";
import { type JsonServing, jsonServer } from "../../fakes/json-server.ts";

const { signal } = new AbortController();
type Kind = keyof typeof protocols;

const text = (...data: string[]): Tensor => ({ dtype: "string", shape: [data.length], data });
const floats = (shape: number[], ...data: number[]): Tensor => ({ dtype: "float32", shape, data });

/** What a protocol sends for inputs, and how it reads an answer. */
async function exchange(kind: Kind, inferPath: string, inputs: Tensors, answer: string) {
  const serving: JsonServing = {
    ...{ kind, readyPath: "/health", readyBody: "{}", inferPath, asked: () => null, answer: () => answer },
  };
  const server = await jsonServer(serving);
  onTestFinished(() => server[Symbol.asyncDispose]());
  await using session = protocols[kind].connect(server.endpoint, "m");
  const outputs = await session
    .prepare(inputs, "a")
    .send(signal)
    .then(
      (found) => found.outputs,
      (error: unknown) => (error instanceof WorldError ? error.message : error),
    );
  return { body: server.bodies[0], outputs };
}

describe("openai", () => {
  const chat = "/v1/chat/completions";
  const answer = JSON.stringify({
    choices: [
      {
        message: { role: "assistant", content: "4" },
        finish_reason: "stop",
        logprobs: { content: [{ token: "4", logprob: -0.25 }] },
      },
    ],
    usage: { prompt_tokens: 9, completion_tokens: 1, total_tokens: 10 },
  });

  test("a prompt is a chat; what is beside it are fields of the request", async () => {
    const inputs = { prompt: text("2+2?"), max_tokens: { dtype: "int64", shape: [1], data: [5] } } as const;
    const { body, outputs } = await exchange("openai", chat, inputs, answer);
    expect(body).toEqual({ model: "m", messages: [{ role: "user", content: "2+2?" }], temperature: 0, max_tokens: 5 });
    expect(outputs).toEqual({
      text: { dtype: "string", shape: [1], data: ["4"] },
      finish_reason: { dtype: "string", shape: [1], data: ["stop"] },
      logprobs: { dtype: "float64", shape: [1], data: [-0.25] },
      prompt_tokens: { dtype: "int64", shape: [1], data: [9] },
      completion_tokens: { dtype: "int64", shape: [1], data: [1] },
    });
  });

  test("messages are sent as they are", async () => {
    const messages = [{ role: "system", content: "Be short." }];
    const { body } = await exchange("openai", chat, { messages: text(JSON.stringify(messages)) }, answer);
    expect(body).toMatchObject({ messages });
  });

  test("an input is embedded, in the order of the request", async () => {
    const data = [
      { index: 1, embedding: [0, 1] },
      { index: 0, embedding: [1, 0.5] },
    ];
    const { body, outputs } = await exchange(
      "openai",
      "/v1/embeddings",
      { input: text("a", "b") },
      JSON.stringify({ data }),
    );
    expect(body).toEqual({ model: "m", input: ["a", "b"] });
    expect(outputs).toEqual({ embedding: { dtype: "float64", shape: [2, 2], data: [1, 0.5, 0, 1] } });
  });

  test.each([
    ['{"choices": []}', /first choice has no text/],
    ['{"error": {"message": "overloaded"}}', /says error: .*overloaded/],
    ['{"choices": [{"message": {"content": null}}]}', /first choice has no text/],
  ])("an answer %s is none", async (said, message) => {
    expect((await exchange("openai", chat, { prompt: text("x") }, said)).outputs).toMatch(message);
  });

  test("where there is no health path, the list of models tells that it is ready", async () => {
    const server = await jsonServer({
      ...{
        kind: "openai",
        readyPath: "/v1/models",
        readyBody: '{"object":"list","data":[{"id":"m"}]}',
        inferPath: "/x",
      },
      ...{ asked: () => null, answer: () => "" },
    });
    onTestFinished(() => server[Symbol.asyncDispose]());
    const session = protocols.openai.connect(server.endpoint, "m");
    expect(await session.ready(signal)).toMatchObject({ ready: true, detail: expect.stringContaining("/v1/models") });
    const other = protocols.openai.connect(server.endpoint, "another");
    expect(await other.ready(signal)).toMatchObject({ ready: false });
  });

  test("messages that are no JSON are refused before they are sent", () => {
    const session = protocols.openai.connect({ url: "http://127.0.0.1:1", protocol: "openai" }, "m");
    expect(() => session.prepare({ messages: text("[{") }, "a")).toThrow("the input messages is not a JSON list");
    expect(() => session.prepare({ prompt: text("a", "b") }, "a")).toThrow("the input prompt must be one text");
  });
});

test("tei embeds texts", async () => {
  const { body, outputs } = await exchange("tei", "/embed", { text: text("a", "b") }, "[[1, 0], [0, 2]]");
  expect(body).toEqual({ inputs: ["a", "b"] });
  expect(outputs).toEqual({ embedding: { dtype: "float64", shape: [2, 2], data: [1, 0, 0, 2] } });
});

test("tgi goes on from a prompt, with parameters beside it", async () => {
  const inputs = { prompt: text("once"), max_new_tokens: { dtype: "int64", shape: [1], data: [3] } } as const;
  const { body, outputs } = await exchange("tgi", "/generate", inputs, '{"generated_text": "upon"}');
  expect(body).toEqual({ inputs: "once", parameters: { max_new_tokens: 3 } });
  expect(outputs).toEqual({ text: { dtype: "string", shape: [1], data: ["upon"] } });
});

describe("mlflow", () => {
  const [path, answer] = ["/invocations", '{"predictions": [1]}'];
  test("several columns are a data frame, and arrays go by name", async () => {
    const columns = { a: floats([2, 1], 1, 2), b: floats([2], 3, 4) };
    expect((await exchange("mlflow", path, columns, answer)).body).toEqual({
      dataframe_split: {
        columns: ["a", "b"],
        data: [
          [1, 3],
          [2, 4],
        ],
      },
    });
    const arrays = { a: floats([1, 2], 1, 2), b: floats([1], 3) };
    expect((await exchange("mlflow", path, arrays, answer)).body).toEqual({ inputs: { a: [[1, 2]], b: [3] } });
  });
});

describe("several inputs and outputs go row by row, by name", () => {
  test.each([
    ["v1", "/v1/models/m:predict"],
    ["tfserving", "/v1/models/m:predict"],
    ["sagemaker", "/invocations"],
    ["torchserve", "/predictions/m"],
  ] as const)("%s", async (kind, path) => {
    const said = '{"predictions": [{"label": "cat", "score": 1.0}, {"label": "dog", "score": 0.5}]}';
    const { body, outputs } = await exchange(kind, path, { a: floats([2, 1], 1, 2), b: text("x", "y") }, said);
    expect(body).toEqual({
      instances: [
        { a: [1], b: "x" },
        { a: [2], b: "y" },
      ],
    });
    expect(outputs).toEqual({
      label: { dtype: "string", shape: [2], data: ["cat", "dog"] },
      score: { dtype: "float64", shape: [2], data: [1, 0.5] },
    });
  });
});

describe("an answer is of the type that is written", () => {
  const read = async (predictions: string, rows = 1) =>
    (
      await exchange(
        "v1",
        "/v1/models/m:predict",
        { x: floats([rows], ...Array(rows).fill(1)) },
        `{"predictions": ${predictions}}`,
      )
    ).outputs;
  const one = (dtype: string, shape: number[], data: unknown[]) => ({ predictions: { dtype, shape, data } });

  test.each<[string, ReturnType<typeof one>]>([
    ["[1]", one("int64", [1], [1])],
    ["[1.0]", one("float64", [1], [1])],
    ["[[1.0, 0.0]]", one("float64", [1, 2], [1, 0])],
    ["[9007199254740993]", one("int64", [1], [9007199254740993n])],
    ["[[NaN, -Infinity]]", one("float64", [1, 2], [Number.NaN, Number.NEGATIVE_INFINITY])],
    ['["1.5"]', one("string", [1], ["1.5"])],
    ["[true, false]", one("bool", [2], [true, false])],
    ["3", one("int64", [1], [3])],
    ["[1, 0.5]", one("float64", [2], [1, 0.5])],
  ])("%s", async (said, outputs) => {
    expect(await read(said, outputs.predictions.shape[0])).toEqual(outputs);
  });

  test("an id beyond 2^53 stays exact beside a score", async () => {
    expect(await read('[{"id": 9007199254740993, "label": 3, "score": 1.0}]')).toEqual({
      id: { dtype: "int64", shape: [1], data: [9007199254740993n] },
      label: { dtype: "int64", shape: [1], data: [3] },
      score: { dtype: "float64", shape: [1], data: [1] },
    });
  });

  test.each([
    ['[{"a": 1}, {"a": 2, "b": 3}]', /rows of predictions have different keys/],
    ["[1, 2]", /predictions has 2 rows, and 1 were asked/],
    ["[[1], [1, 2]]", /ragged/],
    ["[null]", /null/],
    ['[1, "a"]', /holds numbers? and strings?/],
    ['[{"a": 1}, 2]', /objects and values side by side/],
  ])("%s is refused", async (said, message) => {
    expect(await read(said)).toMatch(message);
  });
});

test("NaN is never sent", () => {
  const session = protocols.v1.connect({ url: "http://127.0.0.1:1", protocol: "v1" }, "m");
  expect(() => session.prepare({ x: floats([1], Number.NaN) }, "a")).toThrow("NaN cannot be sent as JSON");
});
