import { describe, expect, onTestFinished, test } from "vitest";
import { protocols } from "../../../../src/adapters/protocols/index.ts";
import type { Dialect } from "../../../../src/domain/dialect.ts";
import { WorldError } from "../../../../src/domain/problem.ts";
import type { Tensors } from "../../../../src/domain/tensor.ts";
import { jsonServer } from "../../../fakes/json-server.ts";

const { signal } = new AbortController();
const prompt: Tensors = { prompt: { dtype: "string", shape: [1], data: ["2+2?"] } };

interface Case {
  kind: "openai" | "tgi";
  dialect: Dialect;
  path: string;
  /** The same answer as one body, and as the data of events. */
  whole: unknown;
  events: unknown[];
  last: string[];
  /** What the body asks besides the prompt. */
  asks: object;
}

const usage = { prompt_tokens: 9, completion_tokens: 4, total_tokens: 13 };
const chunk = (delta: object, more: object = {}) => ({ choices: [{ index: 0, delta, finish_reason: null, ...more }] });
const piece = (text: string, logprobs: number[] | null = null, finish_reason: string | null = null) => ({
  choices: [{ index: 0, text, finish_reason, ...(logprobs && { logprobs: { token_logprobs: logprobs } }) }],
});
const token = (text: string, more: object = {}) => ({
  token: { id: 1, text, special: false },
  generated_text: null,
  ...more,
});

const cases: Record<string, Case> = {
  "a chat": {
    kind: "openai",
    dialect: { stream: true },
    path: "/v1/chat/completions",
    whole: {
      choices: [
        {
          message: { content: "vier – four" },
          finish_reason: "stop",
          logprobs: { content: [{ logprob: -0.5 }, { logprob: -0.25 }] },
        },
      ],
      usage,
    },
    events: [
      chunk({ role: "assistant", content: "" }),
      chunk({ content: "vier –" }, { logprobs: { content: [{ logprob: -0.5 }] } }),
      { choices: [{ index: 1, delta: { content: "another choice" } }] },
      chunk({ content: " four" }, { logprobs: { content: [{ logprob: -0.25 }] } }),
      chunk({}, { finish_reason: "stop" }),
      { choices: [], usage },
    ],
    last: ["[DONE]"],
    asks: { messages: [{ role: "user", content: "2+2?" }], stream: true, stream_options: { include_usage: true } },
  },
  "a completion": {
    kind: "openai",
    dialect: { stream: true, completions: true },
    path: "/v1/completions",
    whole: {
      choices: [{ text: "vier – four", finish_reason: "length", logprobs: { token_logprobs: [-0.5, -0.25] } }],
      usage,
    },
    events: [piece("vier –", [-0.5]), piece(" four", [-0.25]), piece("", null, "length"), { choices: [], usage }],
    last: ["[DONE]"],
    asks: { prompt: "2+2?", stream: true, stream_options: { include_usage: true } },
  },
  "Text Generation Inference": {
    kind: "tgi",
    dialect: { stream: true },
    path: "/generate_stream",
    whole: { generated_text: "vier – four" },
    events: [
      token("vier –"),
      token(" four"),
      {
        token: { id: 2, text: "</s>", special: true },
        generated_text: "vier – four",
        details: { generated_tokens: 4 },
      },
    ],
    last: [],
    asks: { inputs: "2+2?" },
  },
};

const written = (events: readonly unknown[], last: readonly string[] = []): string =>
  [...events.map((event) => JSON.stringify(event)), ...last].map((data) => `data: ${data}\n\n`).join("");

async function ask({ kind, path }: Case, dialect: Dialect, said: string | readonly Uint8Array[]) {
  const server = await jsonServer({
    ...{ kind, readyPath: "/health", readyBody: "{}", inferPath: path, asked: () => null },
    answer: () => String(said),
    ...(typeof said !== "string" && { pieces: () => said }),
  });
  onTestFinished(() => server[Symbol.asyncDispose]());
  const session = protocols[kind].connect(server.endpoint, "m", dialect);
  const answer = await session.prepare(prompt, "a").send(signal);
  return { ...answer, body: server.bodies[0] };
}
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const failing = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => "no failure",
    (error: unknown) => (error instanceof WorldError ? `${error.problem.code} ${error.message}` : String(error)),
  );

describe.each(Object.entries(cases))("%s", (_name, one) => {
  const pieces = [...one.events.map((event) => written([event])), ...one.last.map((data) => `data: ${data}\n\n`)];

  test("reads as without a stream, and tells when each event with content came", async () => {
    const start = performance.now();
    const { outputs, stream, sent, done, body } = await ask(one, one.dialect, pieces.map(bytes));
    expect(body).toMatchObject(one.asks);
    const { stream: _stream, ...dialect } = one.dialect;
    const alone = await ask({ ...one, path: one.path.replace("_stream", "") }, dialect, JSON.stringify(one.whole));
    expect(outputs).toEqual(alone.outputs);
    expect(alone.stream).toBeUndefined();
    expect(stream).toMatchObject({ tokens: 4, counted: true });
    const [first, second] = stream!.arrivals as [number, number];
    expect(stream!.arrivals).toHaveLength(2);
    expect(start <= sent && sent <= first && first < second && second <= done).toBe(true);
  });

  test("reads the same wherever the network cuts it, also in the middle of a character", async () => {
    const stream = bytes(pieces.join(""));
    const third = Math.floor(stream.length / 3);
    const dash = stream.indexOf(0xe2) + 1;
    for (const cuts of [[dash], [third, 2 * third], []]) {
      const parts = [...cuts, stream.length].map((end, index) => stream.subarray(cuts[index - 1] ?? 0, end));
      const { outputs } = await ask(one, one.dialect, parts);
      expect(outputs["text"]!.data).toEqual(["vier – four"]);
    }
  });

  test("that breaks off is a failure, however much came", async () => {
    const early = one.events.filter((event) => !/finish_reason":"|generated_text":"/.test(JSON.stringify(event)));
    const text = await failing(ask(one, one.dialect, [bytes(written(early))]));
    expect(text).toMatch(/endpoint\.answer .*the stream ends before the text does/);
  });

  test("that tells of an error is one", async () => {
    const error = { error: { message: "out of memory" } };
    const said = written([one.events[1], error], one.last);
    expect(await failing(ask(one, one.dialect, [bytes(said)]))).toMatch(/the stream says error: .*out of memory/);
    const typed = `event: error\ndata: {"message": "out of memory"}\n\n`;
    expect(await failing(ask(one, one.dialect, [bytes(typed)]))).toMatch(/the stream says error: .*out of memory/);
  });

  test("that never came is told, and so is what is no event of the protocol", async () => {
    expect(await failing(ask(one, one.dialect, JSON.stringify(one.whole)))).toMatch(
      /answered without a stream of events, and one was asked/,
    );
    expect(await failing(ask(one, one.dialect, [bytes("data: <html>\n\n")]))).toMatch(
      /an event of the stream is no JSON/,
    );
  });
});

test("tokens that the server does not count are as many as its events with content", async () => {
  const { "a chat": chat } = cases as { "a chat": Case };
  const uncounted = chat.events.slice(0, -1);
  const { stream } = await ask(chat, chat.dialect, [bytes(written(uncounted, chat.last))]);
  expect(stream).toMatchObject({ tokens: 2, counted: false });
});

test("a reason to finish ends a stream as well as [DONE] does", async () => {
  const { "a chat": chat } = cases as { "a chat": Case };
  expect((await ask(chat, chat.dialect, [bytes(written(chat.events))])).outputs["finish_reason"]!.data).toEqual([
    "stop",
  ]);
  const bare = [chat.events[1], { choices: [], usage }];
  expect((await ask(chat, chat.dialect, [bytes(written(bare, ["[DONE]"]))])).outputs["text"]!.data).toEqual(["vier –"]);
});

test("an answer of nothing has no first token", async () => {
  const { "a chat": chat } = cases as { "a chat": Case };
  const nothing = [chat.events[0], chat.events[4]];
  const { outputs, stream } = await ask(chat, chat.dialect, [bytes(written(nothing, chat.last))]);
  expect([outputs["text"]!.data, stream]).toEqual([[""], undefined]);
});

test("embeddings are asked without a stream", async () => {
  const server = await jsonServer({
    ...{ kind: "openai", readyPath: "/health", readyBody: "{}", inferPath: "/v1/embeddings", asked: () => null },
    answer: () => '{"data":[{"index":0,"embedding":[1,0]}]}',
  });
  onTestFinished(() => server[Symbol.asyncDispose]());
  const session = protocols.openai.connect(server.endpoint, "m", { stream: true });
  const input = { input: { dtype: "string", shape: [1], data: ["a"] } } as const;
  expect((await session.prepare(input, "a").send(signal)).outputs["embedding"]!.data).toEqual([1, 0]);
  expect(server.bodies).toEqual([{ model: "m", input: ["a"] }]);
});
