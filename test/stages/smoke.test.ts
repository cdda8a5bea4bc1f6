import { expect, test } from "vitest";
import { v2 } from "../../src/adapters/protocols/v2.ts";
import { systemClock } from "../../src/adapters/system/clock.ts";
import { sha256 } from "../../src/domain/digest.ts";
import { readGoldens } from "../../src/domain/golden.ts";
import { UserError } from "../../src/domain/problem.ts";
import type { Release } from "../../src/domain/release.ts";
import type { SmokeReport } from "../../src/domain/smoke.ts";
import { recordGoldens, smoke } from "../../src/stages/smoke.ts";
import { type Answering, probabilities, thresholding, type V2Server, v2Server } from "../fakes/v2-server.ts";

const { signal } = new AbortController();
const digest = sha256("model");
const release: Release = {
  image: { repository: "r.example/m", digest: sha256("image") },
  protocol: "v2",
  port: 8080,
  model: {
    name: "m",
    format: "onnx",
    digest,
    bytes: 1,
    files: [],
    inputs: [{ name: "x", dtype: "float32", shape: [-1, 1] }],
    outputs: [{ name: "p", dtype: "float32", shape: [-1, 2] }],
    facts: {},
  },
};
const goldens = (lines: string) => readGoldens(lines, "golden.jsonl", release.model.inputs);
const sound =
  '{"id":"a","inputs":{"x":[[0.9]]},"expect":{"p":[[0.2,0.8]]}}\n{"id":"b","inputs":{"x":[[0.1]]},"expect":{"label":"no"}}';
const plan = { task: "binary" as const, classes: ["no", "yes"], output: null, threshold: 0.5 };
// Only waits pass quickly; requests take their time.
const clock = { ...systemClock, until: async () => undefined };

const run = (server: V2Server, lines = sound, fields: { modelDigest?: typeof digest } = {}): Promise<SmokeReport> =>
  smoke({
    release,
    running: { image: release.image, modelDigest: fields.modelDigest ?? digest, endpoint: server.endpoint },
    protocol: v2,
    goldens: goldens(lines),
    plan,
    clock,
    signal,
  });

const failed = ({ steps }: SmokeReport): string[] =>
  steps.filter(({ ok, level }) => !ok && level === "required").map(({ id }) => id);

test("a sound server passes every step", async () => {
  await using server = await v2Server(thresholding, { digest });
  const report = await run(server);
  expect(failed(report)).toEqual([]);
  expect(report.passed).toBe(true);
  expect(new Set(report.steps.map(({ id }) => id.slice(0, 2)))).toEqual(new Set(["S1", "S2", "S3", "S4", "S7", "S9"]));
});

test("no golden request is a failure that says how to record some", async () => {
  await using server = await v2Server(thresholding, { digest });
  await expect(run(server, "")).rejects.toMatchObject({
    problems: [{ code: "smoke.no-golden", hint: expect.stringContaining("--record") as unknown }],
  });
});

test("a server that flaps is not ready", async () => {
  let asked = 0;
  await using server = await v2Server(thresholding, { digest, ready: () => ++asked < 3 });
  expect(failed(await run(server))).toContain("S2 ready");
});

test("another model in the server's memory, or on the platform, is noticed", async () => {
  await using server = await v2Server(thresholding, { digest: sha256("other") });
  expect(failed(await run(server))).toEqual(["S3 metadata"]);
  await using right = await v2Server(thresholding, { digest });
  expect(failed(await run(right, sound, { modelDigest: sha256("tampered") }))).toEqual(["S3 metadata"]);
});

test("a golden answer off by more than the tolerance names index, got and want", async () => {
  await using server = await v2Server(({ id }) => ({ body: probabilities(id, [0.25, 0.75]) }), { digest });
  const step = (await run(server)).steps.find(({ id }) => id === "S4 a");
  expect(step).toMatchObject({
    ok: false,
    detail: expect.stringMatching(/p\[0\]\[0\] is 0.25, and 0.2 is expected/) as unknown,
  });
});

test("an answer that differs the second time fails", async () => {
  await using server = await v2Server(
    ({ id }, count) => ({ body: probabilities(id, count % 2 === 1 ? [0.2, 0.8] : [0.3, 0.7]) }),
    { digest },
  );
  expect((await run(server)).steps.find(({ id }) => id === "S4 a")?.detail).toMatch(/second time/);
});

test("a bad request that is taken for a good one fails, and 500 for one is a warning", async () => {
  const lenient: Answering = thresholding;
  await using server = await v2Server(lenient, { digest });
  const { endpoint } = server;
  const answers = (status: number) => ({
    ...v2,
    faults: () => [{ id: "odd", right: [400], send: async () => ({ status, body: "" }) }],
  });
  const options = {
    release,
    running: { image: release.image, modelDigest: digest, endpoint },
    goldens: goldens(sound),
    plan,
    clock,
    signal,
  };
  expect(failed(await smoke({ ...options, protocol: answers(200) }))).toEqual(["S7 odd"]);
  const warned = await smoke({ ...options, protocol: answers(500) });
  expect([warned.passed, warned.steps.find(({ id }) => id === "S7 odd")?.ok]).toEqual([true, false]);
});

test("a server that hangs or dies after a bad request fails", async () => {
  await using server = await v2Server(thresholding, { digest });
  const dying = {
    ...v2,
    faults: () => [{ id: "deadly", right: [400], send: () => Promise.reject(new Error("no answer came")) }],
  };
  const report = await smoke({
    release,
    running: { image: release.image, modelDigest: digest, endpoint: server.endpoint },
    protocol: dying,
    goldens: goldens(sound),
    plan,
    clock,
    signal,
  });
  expect(failed(report)).toEqual(["S7 deadly"]);
});

test("recorded golden requests pass against what they were recorded from", async () => {
  await using server = await v2Server(thresholding, { digest });
  const running = { image: release.image, modelDigest: digest, endpoint: server.endpoint };
  const lines = await recordGoldens({ release, running, protocol: v2, clock, signal }, [
    { id: "r", inputs: { x: { dtype: "float32", shape: [1, 1], data: [0.7] } } },
  ]);
  expect(lines.join("\n")).toContain(release.image.digest);
  expect((await run(server, lines.join("\n"))).passed).toBe(true);
});

test.each([
  ["no JSON", "{", /JSON/],
  ["an unknown key", '{"id":"a","input":{},"expect":{"label":"x"}}', /unknown/],
  ["no expectation", '{"id":"a","inputs":{"x":[[1]]},"expect":{}}', /expects nothing/],
  ["an input the model has not", '{"id":"a","inputs":{"y":[[1]]},"expect":{"label":"x"}}', /no input y/],
  ["a wrong shape", '{"id":"a","inputs":{"x":[1,2]},"expect":{"label":"x"}}', /shape \[2\]/],
  ["a text for a number", '{"id":"a","inputs":{"x":[["1"]]},"expect":{"label":"x"}}', /numbers only/],
  ["an id twice", `${sound}\n${sound}`, /stands twice/],
])("a golden file with %s is told with its line", (_title, lines, message) => {
  expect(() => goldens(lines)).toThrow(UserError);
  expect(() => goldens(lines)).toThrow(message);
});
