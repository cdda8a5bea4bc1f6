import { describe, expect, onTestFinished, test } from "vitest";
import { protocols } from "../../../src/adapters/protocols/index.ts";
import type { HttpTemplate } from "../../../src/domain/dialect.ts";
import type { Tensor, Tensors } from "../../../src/domain/tensor.ts";
import { jsonServer } from "../../fakes/json-server.ts";

const { signal } = new AbortController();
const floats = (shape: number[], ...data: number[]): Tensor => ({ dtype: "float64", shape, data });
const text = (...data: string[]): Tensor => ({ dtype: "string", shape: [data.length], data });
const template = (more: Partial<HttpTemplate>): { http: HttpTemplate } => ({
  http: { ready: "/up", method: "POST", path: "/ask", body: null, read: { p: "/p" }, ...more },
});

async function exchange(dialect: { http: HttpTemplate }, inputs: Tensors, said: string) {
  const server = await jsonServer({
    ...{ kind: "http", readyPath: "/up", readyBody: "", inferPath: "/ask", asked: () => null, answer: () => said },
    method: dialect.http.method,
  });
  onTestFinished(() => server[Symbol.asyncDispose]());
  await using session = protocols.http.connect(server.endpoint, "m", dialect);
  expect(await session.ready(signal)).toMatchObject({ ready: true });
  const { outputs } = await session.prepare(inputs, "a").send(signal);
  return { body: server.bodies[0], outputs };
}

describe("a template", () => {
  const rows = { x: floats([2, 2], 1, 2, 3, 4), names: text("a", "b") };

  test("has the rows of inputs where their names stand, and all else as it is", async () => {
    const body = { data: { rows: "{x}", of: ["{names}"] }, limit: 5, note: "a {x} in a text is none" };
    const said = '{"p": [0.5, 0.25]}';
    expect(await exchange(template({ body }), rows, said)).toEqual({
      body: {
        data: {
          rows: [
            [1, 2],
            [3, 4],
          ],
          of: [["a", "b"]],
        },
        limit: 5,
        note: "a {x} in a text is none",
      },
      outputs: { p: { dtype: "float64", shape: [2], data: [0.5, 0.25] } },
    });
  });

  test("without a body sends inputs by their names", async () => {
    expect((await exchange(template({}), { x: floats([1, 1], 3) }, '{"p": [1.0]}')).body).toEqual({ x: [[3]] });
  });

  test("may have a place for one row, and its answer is then one row", async () => {
    const body = { question: "{prompt[0]}" };
    const read = { text: "/choices/0/text", all: "" };
    const said = '{"choices": [{"text": "4"}]}';
    const one = template({ body, read: { text: read.text } });
    expect(await exchange(one, { prompt: text("2+2?") }, said)).toEqual({
      body: { question: "2+2?" },
      outputs: { text: { dtype: "string", shape: [1], data: ["4"] } },
    });
    const vector = template({ body: { row: "{x[0]}" }, read: { p: "/p" } });
    expect((await exchange(vector, { x: floats([1, 2], 1, 2) }, '{"p": [0.5, 0.25]}')).outputs).toEqual({
      p: { dtype: "float64", shape: [1, 2], data: [0.5, 0.25] },
    });
  });

  test("may be sent by another method", async () => {
    expect((await exchange(template({ method: "PUT" }), { x: floats([1], 3) }, '{"p": [1.0]}')).body).toEqual({
      x: [3],
    });
  });

  test.each<[string, HttpTemplate["body"], Tensors, RegExp]>([
    ["an input it has no place for", { a: "{x}" }, rows, /no place "\{names\}" for the input names/],
    [
      "a place for no input",
      { a: "{x}", b: "{y}" },
      { x: floats([1], 1) },
      /names "\{y\}", and there is no such input/,
    ],
    ["several rows where one fits", { a: "{x[0]}" }, { x: floats([2], 1, 2) }, /one row of x: write "\{x\}" for all/],
  ])("refuses %s", (_title, body, inputs, message) => {
    const session = protocols.http.connect({ url: "http://127.0.0.1:1", protocol: "http" }, "m", template({ body }));
    expect(() => session.prepare(inputs, "a")).toThrow(message);
  });
});

describe("an answer is read by JSON pointer (RFC 6901)", () => {
  const read = (pointer: string, said: string) =>
    exchange(template({ read: { p: pointer } }), { x: floats([1], 1) }, said).then(
      ({ outputs }) => outputs["p"]!.data,
      (error: Error) => error.message,
    );

  test.each([
    ["", "[1.5]", [1.5]],
    ["/a~1b/m~0n", '{"a/b": {"m~n": [1.5]}}', [1.5]],
    ["/0/ ", '[{" ": [1.5]}]', [1.5]],
    ["/", '{"": [1.5]}', [1.5]],
  ])('"%s" of %s', async (pointer, said, data) => {
    expect(await read(pointer, said)).toEqual(data);
  });

  test.each([
    ["/q", '{"p": [1]}', /it has nothing at \/q/],
    ["/p/01", '{"p": [1, 2]}', /nothing at \/p\/01/],
    ["/p/-", '{"p": [1]}', /nothing at \/p\/-/],
    ["/p/length", '{"p": [1]}', /nothing at \/p\/length/],
    ["/p/0/0", '{"p": [1]}', /nothing at/],
    ["/p", '{"p": [1, 2]}', /p has 2 rows, and 1 were asked/],
    ["/p", '{"p": null}', /null/],
  ])('"%s" of %s is refused', async (pointer, said, message) => {
    expect(await read(pointer, said)).toMatch(message);
  });
});
