import { Readable } from "node:stream";
import { describe, expect, test } from "vitest";
import { v2 } from "../../src/adapters/protocols/v2.ts";
import { systemClock } from "../../src/adapters/system/clock.ts";
import { sha256 } from "../../src/domain/digest.ts";
import { type Evaluation, evaluationToJson } from "../../src/domain/evaluation.ts";
import { checkOf, judge } from "../../src/domain/gate/decide.ts";
import { inEvidence, type Outside } from "../../src/domain/outside/measured.ts";
import { UserError } from "../../src/domain/problem.ts";
import { parsePart, type Shard, shardFromJson, shardToJson } from "../../src/domain/shard.ts";
import type { Row } from "../../src/ports/dataset.ts";
import { type EvaluateOptions, evaluate, evaluatePart, merge } from "../../src/stages/evaluate.ts";
import { identify, takeIn } from "../../src/stages/rows.ts";
import { rowsOf } from "../fakes/rows.ts";
import { probabilities, type V2Server, v2Server } from "../fakes/v2-server.ts";

const { signal } = new AbortController();
const image = { repository: "r.example/m", digest: sha256("candidate") };
const other = { repository: "r.example/m", digest: sha256("champion") };
const running = { image, modelDigest: sha256("model"), endpoint: { url: "", protocol: "v2" } };
const rows: Row[] = Array.from({ length: 61 }, (_, index) => ({
  ...{ id: `r${index}`, line: index + 2, label: index % 3 === 0 ? "yes" : "no", group: null, partner: null },
  inputs: { x: { dtype: "float32", shape: [1, 1], data: [index / 61] } },
  slices: { half: index % 2 === 0 ? "even" : "odd" },
}));
const identity = identify(rows);

const optionsFor = (server: V2Server, champion: V2Server | null): EvaluateOptions => ({
  ...{ rows: rowsOf(rows), identity, file: "data.csv", concurrency: 8, clock: systemClock, signal },
  plan: { task: "binary", classes: ["no", "yes"], output: null, threshold: 0.5 },
  candidate: { session: v2.connect(server.endpoint, "m"), image },
  champion: champion && { session: v2.connect(champion.endpoint, "m"), image: other },
  failedRows: { policy: "error", maxShare: null },
  running: async () => running,
  files: { path: (name) => name, write: async (name) => ({ path: name, digest: sha256("lines") }) },
  progress: () => undefined,
  warn: () => undefined,
});

const candidate = () =>
  v2Server(({ id, inputs }) => ({ body: probabilities(id, [1 - inputs[0]!.data[0]!, inputs[0]!.data[0]!]) }));
const champion = () => v2Server(({ id }) => ({ body: probabilities(id, [0.6, 0.4]) }));

/** Every part as it is read back from where it was left. */
async function askedIn(of: number, options: EvaluateOptions): Promise<Shard[]> {
  const shards: Shard[] = [];
  for (let index = 1; index <= of; index++)
    shards.push(shardFromJson(JSON.parse(JSON.stringify(shardToJson(await evaluatePart(options, { index, of }))))));
  return shards;
}

const checks = ["accuracy >= 0.9 @95%", "f1 >= champion - 5pp @95%", "accuracy >= 0.1 by half", "log_loss <= 0.9"].map(
  checkOf,
);
const seeds = { candidate: image.digest, champion: other.digest, data: identity.digest };

test.each([1, 2, 7, 61])("rows shared out in %i parts are judged as rows asked at once", async (of) => {
  await using server = await candidate();
  await using beside = await champion();
  const options = optionsFor(server, beside);
  const whole = await evaluate(options);
  const asked = server.requests();
  const merged = await merge(options, (await askedIn(of, options)).toReversed());
  expect(server.requests()).toBe(2 * asked);
  expect(JSON.stringify(evaluationToJson(merged))).toBe(JSON.stringify(evaluationToJson(whole)));
  const verdict = (found: typeof whole) =>
    judge(checks, found.observations, { seeds, replicates: 200, firstPromotion: "allow" });
  expect(verdict(merged)).toEqual(verdict(whole));
});

describe("rows that another file has in another order", () => {
  const turned = rows.toReversed().map((row, index) => ({ ...row, line: index + 2 }));
  const taken = async (from: readonly Row[], server: V2Server, beside: V2Server): Promise<EvaluateOptions> => {
    const kept: Row[] = [...from];
    const sent = { put: () => undefined, get: (index: number) => kept[index]!, [Symbol.dispose]: () => undefined };
    return { ...optionsFor(server, beside), ...(await takeIn(Readable.from(from), sent)) };
  };
  const observed = ({ observations, data }: Evaluation): unknown => JSON.parse(JSON.stringify({ observations, data }));

  test("are the same data, asked in the same order, and come to the same observations", async () => {
    await using server = await candidate();
    await using beside = await champion();
    const [first, second] = [await taken(rows, server, beside), await taken(turned, server, beside)];
    const [found, again] = [await evaluate(first), await evaluate(second)];
    expect(observed(again)).toEqual(observed(found));
  });

  test("fit together in parts that were asked of either file", async () => {
    await using server = await candidate();
    await using beside = await champion();
    const [first, second] = [await taken(rows, server, beside), await taken(turned, server, beside)];
    const [own, other, last] = [await askedIn(3, first), await askedIn(3, second), await evaluate(first)];
    expect(observed(await merge(first, [own[0]!, other[1]!, own[2]!]))).toEqual(observed(last));
  });

  test("get the scores that a script gave them", () => {
    const measured = { value: 0.5, scores: [1, null, 0] };
    const metric = {
      direction: "higher",
      unit: "ratio",
      range: null,
      candidate: measured,
      champion: { missing: "gone" },
    };
    const outside = { "judge.fluency": metric } as unknown as Outside;
    expect(inEvidence(outside, Uint32Array.of(2, 0, 1))["judge.fluency"]).toEqual({
      ...metric,
      candidate: { value: 0.5, scores: [0, 1, null] },
    });
  });
});

test("a row that got no answer in its part has none in the whole", async () => {
  await using server = await v2Server(({ id, inputs }) =>
    inputs[0]!.data[0]! > 0.9 ? { status: 400, body: "{}" } : { body: probabilities(id, [0.5, 0.5]) },
  );
  const options = optionsFor(server, null);
  const { observations } = await merge(options, await askedIn(3, options));
  expect(observations).toMatchObject({ failedRows: 6, championState: "none", champion: null });
});

describe("parts that do not fit together make no evaluation", () => {
  const refusal = async (change: (shards: Shard[]) => Shard[]): Promise<string> => {
    await using server = await candidate();
    const options = optionsFor(server, null);
    const work = merge(options, change(await askedIn(3, options)));
    const error = await work.then(
      () => null,
      (reason: unknown) => reason,
    );
    if (!(error instanceof UserError)) throw new Error("expected a user's error", { cause: error });
    expect(error.problems[0]!.code).toBe("evaluate.shards");
    return error.message;
  };
  const second = (change: Partial<Shard>) => (shards: Shard[]) =>
    shards.map((shard, at) => (at === 1 ? { ...shard, ...change } : shard));
  const seen = { image, modelDigest: sha256("another model") };

  test.each<[string, (shards: Shard[]) => Shard[], RegExp]>([
    ["one is missing", (shards) => shards.slice(1), /of 3 shards, 1 left nothing/],
    ["none is there", () => [], /left nothing/],
    ["other data", second({ data: { digest: sha256("others"), rows: 61 } }), /differ in the data/],
    ["another model in between", second({ subject: { before: seen, after: seen } }), /differ in what was evaluated/],
    ["another champion", second({ champion: { image: other, source: "x" } }), /differ in the champion/],
    ["read in another way", second({ reading: sha256("other") }), /differ in how answers are read/],
    [
      "rows asked twice",
      (shards) => [shards[0]!, { ...shards[0]!, part: { index: 2, of: 3 } }, shards[2]!],
      /answer \d+ rows, and the data have 61/,
    ],
    [
      "all about other data",
      (shards) => shards.map((shard) => ({ ...shard, data: { digest: sha256("x"), rows: 61 } })),
      /about other data/,
    ],
  ])("%s", async (_, change, message) => {
    expect(await refusal(change)).toMatch(message);
  });
});

test.each([
  ["3/7", { index: 3, of: 7 }],
  ["1/1", { index: 1, of: 1 }],
  ["256/256", { index: 256, of: 256 }],
  ["8/7", null],
  ["0/7", null],
  ["1/257", null],
  ["1/2/3", null],
  ["a", null],
])("%s is read as a part", (text, part) => {
  expect(parsePart(text)).toEqual(part);
});

test("a shard that has not the shape is not read", () => {
  const seen = { image, modelDigest: sha256("model") };
  const shard = {
    ...{ schema: 1, part: { index: 1, of: 1 }, subject: { before: seen, after: seen }, reading: sha256("r") },
    ...{ champion: { image: null, source: "none" }, data: identity, rows: [0], candidate: [], other: null },
  };
  const bodies = [null, {}, shard, { ...shard, rows: [61], candidate: [{}] }, { ...shard, rows: ["0"] }];
  for (const body of bodies) expect(() => shardFromJson(body as never)).toThrow(RangeError);
});
