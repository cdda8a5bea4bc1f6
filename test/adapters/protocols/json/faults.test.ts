import { expect, onTestFinished, test } from "vitest";
import { protocols } from "../../../../src/adapters/protocols/index.ts";
import type { Tensor, Tensors } from "../../../../src/domain/tensor.ts";
import { jsonServer } from "../../../fakes/json-server.ts";

const { signal } = new AbortController();
type Kind = keyof typeof protocols;

const floats = (shape: number[], ...data: number[]): Tensor => ({ dtype: "float64", shape, data });
const text = (...data: string[]): Tensor => ({ dtype: "string", shape: [data.length], data });

/** What the bad requests of a protocol carry, by their names, as a server that answers all of them sees it. */
async function sent(kind: Kind, inferPath: string, good: Tensors, said = '{"predictions":[]}') {
  const seen: Record<string, string> = {};
  let last = "";
  const server = await jsonServer({
    ...{ kind, readyPath: "/ready", readyBody: "{}", inferPath, asked: () => null, answer: () => said },
    seen: (body) => (last = body),
  });
  onTestFinished(() => server[Symbol.asyncDispose]());
  for (const { id, send } of protocols[kind].faults(server.endpoint, "m", good)) {
    last = "";
    await send(signal).catch(() => null);
    seen[id] = last;
  }
  return seen;
}

const always = ["malformed JSON", "empty object", "wrong content type", "GET on infer"];
const ofTensors = ["wrong shape", "wrong type", "NaN", "1e308", "empty batch", "oversized body"];

test.each([
  ["v1", "/v1/models/m:predict", "instances"],
  ["tfserving", "/v1/models/m:predict", "instances"],
  ["sagemaker", "/invocations", "instances"],
  ["mlflow", "/invocations", "inputs"],
  ["bentoml", "/predict", "x"],
] as const)("%s spoils the one input in every way of the table", async (kind, path, key) => {
  const seen = await sent(kind, path, { x: floats([1, 2], 5, 6) });
  const named = kind === "v1" || kind === "tfserving" ? ["unknown model"] : [];
  expect(Object.keys(seen).toSorted()).toEqual([...always, ...ofTensors, ...named].toSorted());
  expect(seen).toMatchObject({
    "malformed JSON": `{"${key}":[[5,6]`,
    "empty object": "{}",
    "wrong shape": `{"${key}":[[5,6],[5,6,6]]}`,
    "wrong type": `{"${key}":[["not a number","not a number"]]}`,
    NaN: `{"${key}":[[NaN,NaN]]}`,
    "1e308": `{"${key}":[[1e308,1e308]]}`,
    "empty batch": `{"${key}":[]}`,
  });
  expect(seen["oversized body"]!.length).toBeGreaterThanOrEqual(5 * 2 ** 20);
  expect(seen["oversized body"]!.slice(0, 40)).toMatch(new RegExp(`^\\{"${key}":\\[\\[0,0,`));
});

test("of several inputs the first is left out, or spoiled beside the others", async () => {
  const seen = await sent("v1", "/v1/models/m:predict", { a: floats([1], 1), b: text("x") });
  expect(seen).toMatchObject({
    "missing input": '{"instances":["x"]}',
    "wrong type": '{"instances":[{"a":"not a number","b":"x"}]}',
    "wrong shape": '{"instances":[{"a":1,"b":"x"},{"a":[1],"b":"x"}]}',
  });
});

test("of a chat the prompt is spoiled, and not the fields that may be left out", async () => {
  const good = { max_tokens: { dtype: "int64", shape: [1], data: [5] }, prompt: text("2+2?") } as const;
  const seen = await sent("openai", "/v1/chat/completions", good);
  expect(Object.keys(seen).toSorted()).toEqual([...always, "wrong type", "oversized body"].toSorted());
  expect(JSON.parse(seen["wrong type"]!)).toMatchObject({ messages: [{ role: "user", content: {} }], max_tokens: 5 });
  const { messages } = JSON.parse(seen["oversized body"]!) as { messages: [{ content: string }] };
  expect(messages[0].content).toBe("0".repeat(5 * 2 ** 20));
});

test("texts to embed are spoiled as a list", async () => {
  const seen = await sent("tei", "/embed", { text: text("a", "b") });
  expect(seen).toMatchObject({
    "wrong type": '{"inputs":[{},{}]}',
    "wrong shape": '{"inputs":["a","b","a",["b"]]}',
    "empty batch": '{"inputs":[]}',
  });
});

test("what a server makes of the edge must be sound: finite, and as many rows as were asked", async () => {
  const edge = async (id: string, said: string) => {
    const server = await jsonServer({
      ...{ kind: "v1", readyPath: "/ready", readyBody: "{}", inferPath: "/v1/models/m:predict" },
      ...{ asked: () => null, answer: () => said, lenient: true },
    });
    onTestFinished(() => server[Symbol.asyncDispose]());
    const faults = protocols.v1.faults(server.endpoint, "m", { x: floats([1, 1], 5) });
    return faults.find((fault) => fault.id === id)!.send(signal);
  };
  expect((await edge("NaN", '{"predictions": [[0.5]]}')).status).toBe(200);
  expect((await edge("empty batch", '{"predictions": []}')).status).toBe(200);
  await expect(edge("1e308", '{"predictions": [[NaN]]}')).rejects.toThrow("answered 200 with NaN in predictions");
  await expect(edge("empty batch", '{"predictions": [[0.5]]}')).rejects.toThrow("1 rows, and 0 were asked");
});
