import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { v2 } from "../../../../src/adapters/protocols/v2.ts";
import type { Tensors } from "../../../../src/domain/tensor.ts";
import { probabilities, thresholding, v2Server } from "../../../fakes/v2-server.ts";

const { signal } = new AbortController();
const input: Tensors = { x: { dtype: "float32", shape: [1, 1], data: [0.9] } };

async function serving(answer: (request: IncomingMessage, response: ServerResponse) => void) {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, protocol: "v2" };
}
const oversized = (endpoint: { url: string; protocol: string }, good = input) =>
  v2.faults(endpoint, "m", good).find(({ id }) => id === "oversized body")!;

test("the oversized body is one row of 5 MB of zeros, in the model's own input", async () => {
  const bodies: string[] = [];
  await using server = await v2Server(thresholding, { seen: (body) => bodies.push(body) });
  const { right, send } = oversized(server.endpoint);
  expect(right).toContain((await send(signal)).status);
  const { inputs } = JSON.parse(bodies[0]!) as { inputs: { name: string; shape: number[]; data: number[] }[] };
  expect(bodies[0]!.length).toBeGreaterThanOrEqual(5 * 2 ** 20);
  expect(inputs[0]).toMatchObject({ name: "x", shape: [1, inputs[0]!.data.length] });
  expect(new Set(inputs[0]!.data)).toEqual(new Set([0]));
});

test("a server that cuts the connection off instead of reading on has answered nothing, and is no stranger to it", async () => {
  const endpoint = await serving((request) => request.once("data", () => request.socket.resetAndDestroy()));
  expect(await oversized(endpoint).send(signal)).toEqual({
    status: 0,
    body: "the connection was closed without an answer",
  });
});

test("one that answers the oversized body must answer soundly", async () => {
  const answering = (value: string) =>
    serving((request, response) => {
      request.resume();
      request.once("end", () => response.end(probabilities("oversized body", [value, 1])));
    });
  const sound = oversized(await answering("0"));
  expect(sound.right).toContain((await sound.send(signal)).status);
  await expect(oversized(await answering("NaN")).send(signal)).rejects.toThrow(/answered 200 with NaN in p/);
});

test.each([
  ["string", ["a"], "0"],
  ["bool", [true], false],
  ["int64", [3], 0],
] as const)("a %s input is oversized in its own type", async (dtype, data, zero) => {
  const bodies: string[] = [];
  await using server = await v2Server(thresholding, { seen: (body) => bodies.push(body) });
  await oversized(server.endpoint, { x: { dtype, shape: [1, 1], data } }).send(signal);
  const { inputs } = JSON.parse(bodies[0]!) as { inputs: { data: unknown[] }[] };
  expect(bodies[0]!.length).toBeGreaterThanOrEqual(5 * 2 ** 20);
  const all = typeof zero === "string" ? [...new Set(inputs[0]!.data[0] as string)] : [...new Set(inputs[0]!.data)];
  expect(all).toEqual([zero]);
});
