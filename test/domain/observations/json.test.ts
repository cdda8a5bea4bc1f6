import { describe, expect, test } from "vitest";
import type { Json } from "../../../src/domain/canonical.ts";
import { answersFromJson, answersToJson, truthFromJson, truthToJson } from "../../../src/domain/observations/json.ts";
import type { Answers, Truth } from "../../../src/domain/observations/observations.ts";

const [one, two] = [Float64Array.of(0.25, -1), Float64Array.of(1e300, 2)];
const marks = [Uint8Array.of(1, 0), Uint8Array.of(0, 1)];

const kept: [Truth, Answers][] = [
  [Float64Array.of(0, 1), { task: "binary", labels: Uint8Array.of(1, 0), scores: one }],
  [Float64Array.of(0, 1), { task: "binary", labels: Uint8Array.of(1, 0), scores: null }],
  [Float64Array.of(2, 1), { task: "multiclass", labels: Int32Array.of(2, 0), probabilities: [one, two] }],
  [marks, { task: "multilabel", labels: marks, scores: [one, two] }],
  [marks, { task: "multilabel", labels: marks, scores: null }],
  [one, { task: "regression", values: two }],
  [one, { task: "ranking", values: two }],
  [[["a", ""], ["ü"]], { task: "generation", texts: ["x", "\u2028"], logprobs: [one, Float64Array.of()] }],
  [[one, two], { task: "embedding", vectors: [two, one], partners: null }],
  [one, { task: "embedding", vectors: [two, one], partners: [one, two] }],
];

test.each(kept)("truth and answers are read back as they were: %j", (truth, answers) => {
  const again = JSON.parse(JSON.stringify([truthToJson(truth), answersToJson(answers)])) as [Json, Json];
  expect(truthFromJson(again[0], answers.task)).toEqual(truth);
  expect(answersFromJson(again[1])).toEqual(answers);
});

describe("what has not the shape is refused", () => {
  const refused: [string, Json][] = [
    ["no object", null],
    ["an unknown task", { task: "guessing" }],
    ["a list that is missing", { task: "ranking" }],
    ["texts for numbers", { task: "ranking", values: ["1"] }],
    ["numbers for texts", { task: "generation", texts: [1], logprobs: null }],
    ["a flat list of vectors", { task: "embedding", vectors: [1, 2], partners: null }],
    ["scores that are missing", { task: "binary", labels: [1] }],
  ];
  test.each(refused)("%s", (_, value) => {
    expect(() => answersFromJson(value)).toThrow(RangeError);
  });

  test.each<[Json, Answers["task"]]>([
    [[1, null], "regression"],
    [[["a"], "b"], "generation"],
    [[[1], 2], "embedding"],
    [[1, 0], "multilabel"],
  ])("a truth of %j for %s", (value, task) => {
    expect(() => truthFromJson(value, task)).toThrow(RangeError);
  });
});
