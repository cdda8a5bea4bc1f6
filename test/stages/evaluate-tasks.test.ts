import { describe, expect, test } from "vitest";
import { v2 } from "../../src/adapters/protocols/v2.ts";
import { systemClock } from "../../src/adapters/system/clock.ts";
import { sha256 } from "../../src/domain/digest.ts";
import { evaluationFromJson, evaluationToJson } from "../../src/domain/evaluation.ts";
import type { ReadingPlan } from "../../src/domain/reading.ts";
import type { Running } from "../../src/domain/release.ts";
import type { Row } from "../../src/ports/dataset.ts";
import { type EvaluateOptions, evaluate } from "../../src/stages/evaluate.ts";
import { identify } from "../../src/stages/rows.ts";
import { rowsOf } from "../fakes/rows.ts";
import { type Answering, v2Server } from "../fakes/v2-server.ts";

const { signal } = new AbortController();
const image = { repository: "r.example/m", digest: sha256("candidate") };
const running: Running = { image, modelDigest: sha256("model"), endpoint: { url: "", protocol: "v2" } };

const input = (value: number): Row["inputs"] => ({ x: { dtype: "float32", shape: [1, 1], data: [value] } });
const row = (index: number, label: Row["label"], more: Partial<Row> = {}): Row => ({
  ...{ id: `r${index}`, line: index + 2, inputs: input(index), label, group: null, partner: null, slices: {} },
  ...more,
});

/** Answers with one output, made of the number that was sent. */
const answering =
  (datatype: string, of: (x: number) => readonly (number | string)[]): Answering =>
  ({ id, inputs }) => {
    const data = of(inputs[0]!.data[0]!);
    const outputs = [{ name: "out", datatype, shape: [1, data.length], data }];
    return { body: JSON.stringify({ model_name: "m", id, outputs }) };
  };

async function evaluated(rows: readonly Row[], answer: Answering, plan: Partial<ReadingPlan>, more = {}) {
  await using server = await v2Server(answer);
  const written: string[] = [];
  const options: EvaluateOptions = {
    ...{
      rows: rowsOf(rows),
      identity: identify(rows),
      file: "data.jsonl",
      champion: null,
      concurrency: 4,
      clock: systemClock,
      signal,
    },
    plan: { task: "generation", classes: [], output: null, threshold: 0.5, ...plan },
    candidate: { session: v2.connect(server.endpoint, "m"), image },
    failedRows: { policy: "error", maxShare: null },
    running: async () => running,
    files: {
      path: (name) => name,
      async write(name, lines) {
        for await (const line of lines) written.push(line);
        return { path: name, digest: sha256(written.join("\n")) };
      },
    },
    progress: () => undefined,
    warn: () => undefined,
    ...more,
  };
  const found = await evaluate(options);
  const again = evaluationFromJson(JSON.parse(JSON.stringify(evaluationToJson(found))));
  expect(again.observations).toEqual(found.observations);
  return { ...found, written: written.map((line) => JSON.parse(line) as Record<string, unknown>) };
}

test("generation: texts stand beside all that are right, and a wrong one is shown", async () => {
  const rows = [row(0, ["zero", "nought"]), row(1, ["one"]), row(2, "two")];
  const words = ["nought", "uno", "two"];
  const { observations, flips, written } = await evaluated(
    rows,
    answering("BYTES", (x) => [words[x]!]),
    {},
  );
  expect(observations.truth).toEqual([["zero", "nought"], ["one"], ["two"]]);
  expect(observations.candidate).toEqual({ task: "generation", texts: words, logprobs: null });
  expect(flips).toEqual({ count: 1, rows: [{ id: "r1", label: "one", candidate: "uno", champion: null }] });
  expect(written[0]).toMatchObject({ id: "r0", label: ["zero", "nought"], prediction: "nought" });
});

describe("multilabel", () => {
  const rows = [row(0, []), row(1, ["b"]), row(2, ["a", "b"])];
  const plan: Partial<ReadingPlan> = { task: "multilabel", classes: ["a", "b"] };
  const scores = [
    [0.1, 0.2],
    [0.7, 0.9],
    [0.8, 0.6],
  ];

  test("marks and scores of each class stand beside the truth", async () => {
    const { observations, flips } = await evaluated(
      rows,
      answering("FP64", (x) => scores[x]!),
      plan,
    );
    expect(observations.truth).toEqual([Uint8Array.of(0, 0), Uint8Array.of(0, 1), Uint8Array.of(1, 1)]);
    expect(observations.candidate).toEqual({
      task: "multilabel",
      labels: [Uint8Array.of(0, 0), Uint8Array.of(1, 1), Uint8Array.of(1, 1)],
      scores: scores.map((list) => Float64Array.from(list)),
    });
    expect(flips.rows).toEqual([{ id: "r1", label: "b", candidate: "a, b", champion: null }]);
  });

  test("a row without an answer counts as wrong in every class", async () => {
    const answer = answering("FP64", (x) => (x === 2 ? [2, 2] : scores[x]!));
    const { observations } = await evaluated(rows, answer, plan, { failedRows: { policy: "wrong", maxShare: 0.5 } });
    expect(observations.failedRows).toBe(0);
    expect(observations.candidate).toMatchObject({ labels: [{}, {}, Uint8Array.of(0, 0)], scores: null });
  });
});

test("ranking: each row has its grade, its score and its query", async () => {
  const rows = [0, 1, 2, 3].map((index) => row(index, String(index % 2), { group: index < 2 ? "red" : "blue" }));
  const { observations, flips } = await evaluated(
    rows,
    answering("FP32", (x) => [x / 2]),
    { task: "ranking" },
  );
  expect(observations).toMatchObject({
    truth: Float64Array.of(0, 1, 0, 1),
    groups: ["red", "red", "blue", "blue"],
    candidate: { task: "ranking", values: Float64Array.of(0, 0.5, 1, 1.5) },
  });
  expect(flips.count).toBe(0);
});

describe("embedding", () => {
  const vector = answering("FP64", (x) => [x, 1]);

  test("a vector stands beside the golden one", async () => {
    const { observations } = await evaluated([row(0, [0, 1]), row(1, [1, 1])], vector, { task: "embedding" });
    expect(observations.truth).toEqual([Float64Array.of(0, 1), Float64Array.of(1, 1)]);
    expect(observations.candidate).toMatchObject({ vectors: [Float64Array.of(0, 1), Float64Array.of(1, 1)] });
  });

  const pairs = [row(0, "0.5", { partner: input(5) }), row(1, "1", { partner: input(7) })];
  test("both texts of a pair are asked", async () => {
    const { observations } = await evaluated(pairs, vector, { task: "embedding" });
    expect(observations.truth).toEqual(Float64Array.of(0.5, 1));
    expect(observations.candidate).toEqual({
      task: "embedding",
      vectors: [Float64Array.of(0, 1), Float64Array.of(1, 1)],
      partners: [Float64Array.of(5, 1), Float64Array.of(7, 1)],
    });
  });

  test("a pair of which one text has no answer has none", async () => {
    const answer = answering("FP64", (x) => (x === 7 ? [] : [x, 1]));
    const { observations, written } = await evaluated(pairs, answer, { task: "embedding" });
    expect(observations.failedRows).toBe(1);
    expect(observations.truth).toEqual(Float64Array.of(0.5));
    expect(written[1]).toMatchObject({ prediction: null, status: expect.stringContaining("0 values") });
  });
});

test("groups and the other text are part of the data's identity, and rows without them keep theirs", () => {
  const digest = (more: Partial<Row>) => identify([row(0, "1", more)]).digest;
  const plain = digest({});
  expect(new Set([plain, digest({ group: "a" }), digest({ group: "b" }), digest({ partner: input(1) })]).size).toBe(4);
  expect(plain).toBe("sha256:c0a2d822556c7d7a6a884fc3cea7ad4a15705c6db6e915426ef4d92aa68363ba");
});
