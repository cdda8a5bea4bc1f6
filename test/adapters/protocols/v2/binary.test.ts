import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, onTestFinished, test } from "vitest";
import { v2 } from "../../../../src/adapters/protocols/v2.ts";
import type { Dtype } from "../../../../src/domain/model.ts";
import type { Tensor, Tensors } from "../../../../src/domain/tensor.ts";

const { signal } = new AbortController();

interface Head {
  id: string;
  parameters: object;
  inputs: { name: string; datatype: string; shape: number[]; parameters: { binary_data_size: number } }[];
}
/** What a server is asked, and what it answers: the JSON, its length as it is said, and the bytes behind it. */
interface Came {
  head: Head;
  raw: Buffer;
}
interface Said {
  json: unknown;
  raw: Buffer;
  length?: string;
}

async function serving(answer: (came: Came) => Said) {
  const came: (Came & { type: string | undefined })[] = [];
  async function infer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    const length = Number(request.headers["inference-header-content-length"]);
    const asked = { head: JSON.parse(body.toString("utf8", 0, length)) as Head, raw: body.subarray(length) };
    came.push({ ...asked, type: request.headers["content-type"] });
    const { json, raw, length: said } = answer(asked);
    const text = Buffer.from(JSON.stringify(json));
    response.writeHead(200, { "inference-header-content-length": said ?? String(text.length) });
    response.end(Buffer.concat([text, raw]));
  }
  const server = createServer((request, response) => void infer(request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void (server.closeAllConnections(), server.close()));
  const endpoint = { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, protocol: "v2" };
  const session = v2.connect(endpoint, "m", { binary: true });
  return { came, ask: (inputs: Tensors) => session.prepare(inputs, "a").send(signal) };
}

/** Gives every tensor back. */
const echo = ({ head, raw }: Came): Said => ({ json: { id: head.id, outputs: head.inputs }, raw });
/** One output with these bytes. */
const output =
  (datatype: string, shape: number[], raw: number[], size = raw.length, more: object = {}) =>
  () => ({
    json: { outputs: [{ name: "p", datatype, shape, parameters: { binary_data_size: size } }] },
    raw: Buffer.from(raw),
    ...more,
  });
const tensor = (dtype: Dtype, ...data: Tensor["data"]): Tensor => ({ dtype, shape: [data.length], data });

test("tensors go as bytes behind the JSON, the least significant first, and are asked for likewise", async () => {
  const { came, ask } = await serving(echo);
  await ask({
    x: { dtype: "float32", shape: [1, 2], data: [1, -2.5] },
    n: tensor("int16", 258),
    t: tensor("string", "é"),
  });
  expect(came).toEqual([
    {
      type: "application/octet-stream",
      head: {
        id: "a",
        parameters: { binary_data_output: true },
        inputs: [
          { name: "x", datatype: "FP32", shape: [1, 2], parameters: { binary_data_size: 8 } },
          { name: "n", datatype: "INT16", shape: [1], parameters: { binary_data_size: 2 } },
          { name: "t", datatype: "BYTES", shape: [1], parameters: { binary_data_size: 6 } },
        ],
      },
      raw: Buffer.from([0, 0, 0x80, 0x3f, 0, 0, 0x20, 0xc0, 2, 1, 2, 0, 0, 0, 0xc3, 0xa9]),
    },
  ]);
});

test.each<[Dtype, Tensor["data"]]>([
  ["bool", [true, false]],
  ["uint8", [0, 255]],
  ["int8", [-128, 127]],
  ["uint16", [0, 65_535]],
  ["int16", [-32_768, 32_767]],
  ["uint32", [0, 4_294_967_295]],
  ["int32", [-2_147_483_648, 2_147_483_647]],
  ["uint64", [0, 18_446_744_073_709_551_615n]],
  ["int64", [-1, 9_007_199_254_740_993n, -9_223_372_036_854_775_808n]],
  ["float32", [0.5, Number.NaN, Number.NEGATIVE_INFINITY, -0]],
  ["float64", [0.1, 1e308, Number.NaN, 5e-324]],
  ["string", ["", "a", "ä–𝄞"]],
])("%s goes and comes back as it is", async (dtype, data) => {
  const { ask } = await serving(echo);
  const x = tensor(dtype, ...data);
  expect((await ask({ x, after: tensor("int32", 7) })).outputs).toEqual({ x, after: tensor("int32", 7) });
});

test.each([
  ["FP16", "float16", [0x00, 0x3c, 0x00, 0xc1, 0x01, 0x00, 0x00, 0x7c, 0x00, 0x7e], [1, -2.5, 2 ** -24, Infinity, NaN]],
  ["BF16", "bfloat16", [0x80, 0x3f, 0x20, 0xc0, 0x80, 0x7f], [1, -2.5, Infinity]],
] as const)("%s is read, and not sent", async (datatype, dtype, raw, data) => {
  const { ask } = await serving(output(datatype, [data.length], [...raw]));
  expect((await ask({ x: tensor("int8", 1) })).outputs).toEqual({ p: tensor(dtype, ...data) });
  expect(() => ask({ x: tensor(dtype, 1) })).toThrow(`the input x is ${dtype}, which is not sent as bytes`);
});

test("an answer of JSON is read as such", async () => {
  const { ask } = await serving(() => ({
    json: { outputs: [{ name: "p", datatype: "FP32", shape: [1], data: [0.5] }] },
    raw: Buffer.alloc(0),
  }));
  expect((await ask({ x: tensor("int8", 1) })).outputs).toEqual({ p: tensor("float32", 0.5) });
});

describe("an answer whose bytes are not what it says is none", () => {
  test.each<[string, ReturnType<typeof output>, RegExp]>([
    ["more than there are", output("FP32", [2], [0, 0, 0, 0], 8), /"p" has 8 bytes, and 4 are left/],
    ["fewer than there are", output("FP32", [1], [0, 0, 0, 0, 1]), /float32 tensor has 5 bytes, and an element has 4/],
    ["of nobody", output("FP32", [1], [0, 0, 0, 0, 1], 4), /1 bytes belong to no output/],
    ["for another shape", output("FP32", [2], [0, 0, 0, 0]), /has 1 values, and its shape \[2\] needs 2/],
    ["a number that is none", output("FP32", [1], [0, 0, 0, 0], -4), /has -4 bytes/],
    ["no bool", output("BOOL", [1], [2]), /a bool tensor holds the byte 2/],
    ["a text that goes on", output("BYTES", [1], [5, 0, 0, 0, 97]), /a text ends behind its tensor/],
    ["a length of a text that goes on", output("BYTES", [1], [5, 0]), /a text ends behind its tensor/],
    ["JSON that goes on", output("FP32", [1], [], 0, { length: "9999" }), /of which 9999 are said to be JSON/],
    ["JSON of no length", output("FP32", [1], [], 0, { length: "much" }), /of which much are said to be JSON/],
  ])("%s", async (_title, answer, message) => {
    const { ask } = await serving(answer);
    await expect(ask({ x: tensor("int8", 1) })).rejects.toThrow(message);
  });
});
