import { describe, expect, test } from "vitest";
import type { Task } from "../../src/domain/observations/observations.ts";
import {
  answersOf,
  type Label,
  type ReadingPlan,
  readPrediction,
  shownPrediction,
  truthOf,
  truthsOf,
} from "../../src/domain/reading.ts";
import type { Tensors } from "../../src/domain/tensor.ts";

const three = ["a", "b", "c"];
const classes: Record<Task, readonly string[]> = {
  ...{ binary: ["no", "yes"], multiclass: three, multilabel: three },
  ...{ regression: [], ranking: [], generation: [], embedding: [] },
};
const plan = (task: Task, more: Partial<ReadingPlan> = {}): ReadingPlan => ({
  ...{ task, classes: classes[task], output: null, threshold: 0.5 },
  ...more,
});
const floats = (...data: number[]): Tensors[string] => ({ dtype: "float32", shape: [1, data.length], data });
const texts = (...data: string[]): Tensors[string] => ({ dtype: "string", shape: [data.length], data });
const whole = (...data: number[]): Tensors[string] => ({ dtype: "int64", shape: [1, data.length], data });

describe("an answer is read as the task means it", () => {
  const read: [string, Task, Tensors, unknown, string][] = [
    ["a class by its scores", "multiclass", { p: floats(0.2, 0.7, 0.1) }, 1, "b"],
    ["a class by its name", "binary", { label: texts("yes") }, 1, "yes"],
    ["classes by their scores", "multilabel", { p: floats(0.5, 0.4, 0.9) }, Uint8Array.of(1, 0, 1), "a, c"],
    ["classes by marks", "multilabel", { p: whole(0, 1, 1) }, Uint8Array.of(0, 1, 1), "b, c"],
    ["classes by name", "multilabel", { p: texts("c", "a") }, Uint8Array.of(1, 0, 1), "a, c"],
    ["no class at all", "multilabel", { p: texts() }, Uint8Array.of(0, 0, 0), ""],
    ["a number", "regression", { y: floats(-2.5) }, -2.5, "-2.5"],
    ["a relevance", "ranking", { score: floats(3) }, 3, "3"],
    ["a text", "generation", { text: texts("hello\nyou") }, "hello\nyou", "hello\nyou"],
    ["the text beside its reason to end", "generation", { text: texts("x"), finish_reason: texts("stop") }, "x", "x"],
    ["a vector", "embedding", { e: floats(0.5, 0.25) }, Float64Array.of(0.5, 0.25), "[0.5,0.25]"],
  ];
  test.each(read)("%s", (_, task, outputs, value, shown) => {
    const prediction = readPrediction(outputs, plan(task));
    expect(prediction.value).toEqual(value);
    expect(shownPrediction(prediction, plan(task))).toBe(shown);
  });

  test("the threshold decides which of several classes apply", () => {
    const { value } = readPrediction({ p: floats(0.5, 0.4, 0.9) }, plan("multilabel", { threshold: 0.8 }));
    expect(value).toEqual(Uint8Array.of(0, 0, 1));
  });

  test("scores are kept where they are served", () => {
    expect(readPrediction({ p: floats(0.5, 0.25, 1) }, plan("multilabel")).scores).toEqual([0.5, 0.25, 1]);
    expect(readPrediction({ p: whole(0, 1, 1) }, plan("multilabel")).scores).toBe(null);
    const outputs = { text: texts("x"), logprobs: { dtype: "float64" as const, shape: [2], data: [-0.5, -1] } };
    expect(readPrediction(outputs, plan("generation")).scores).toEqual([-0.5, -1]);
  });

  const refused: [string, Task, Tensors, RegExp][] = [
    ["a score that is no probability", "multilabel", { p: floats(0.5, 1.5, 0) }, /1.5 is not a probability/],
    ["too few scores", "multilabel", { p: floats(0.5, 0.5) }, /2 values, and there are 3 classes/],
    ["a class that does not exist", "multilabel", { p: texts("d") }, /"d" is none of the 3/],
    ["several numbers", "ranking", { s: floats(1, 2) }, /2 values, and a ranking has one/],
    ["NaN", "embedding", { e: floats(1, Number.NaN) }, /value 1 of the answer is NaN/],
    ["a vector of one", "embedding", { e: floats(1) }, /1 values, and an embedding has more/],
    ["a number for a text", "generation", { text: floats(1) }, /one text is wanted/],
    ["two texts", "generation", { text: texts("a", "b") }, /2 values, and one text/],
    ["several outputs that fit", "generation", { a: texts("x"), b: texts("y") }, /say which one in evaluate.output/],
  ];
  test.each(refused)("%s is refused", (_, task, outputs, message) => {
    expect(() => readPrediction(outputs, plan(task))).toThrow(message);
  });
});

describe("a label is read as the task means it", () => {
  const right: [string, Task, Label, unknown][] = [
    ["a class", "multiclass", "c", 2],
    ["several classes", "multilabel", ["c", "a"], Uint8Array.of(1, 0, 1)],
    ["no class", "multilabel", [], Uint8Array.of(0, 0, 0)],
    ["a target", "regression", "-1.5", -1.5],
    ["a grade", "ranking", "3", 3],
    ["a text", "generation", "yes", ["yes"]],
    ["an empty text", "generation", "", [""]],
    ["several texts", "generation", ["yes", "yeah"], ["yes", "yeah"]],
    ["a vector", "embedding", [0.5, 1], Float64Array.of(0.5, 1)],
    ["a similarity", "embedding", "0.8", 0.8],
  ];
  test.each(right)("%s", (_, task, label, truth) => {
    expect(truthOf(label, plan(task))).toEqual(truth);
  });

  const refused: [string, Task, Label, RegExp][] = [
    ["an unknown class", "multilabel", ["a", "d"], /"d" is none of the classes a, b, c/],
    ["a list for one class", "multiclass", ["a"], /one value is wanted/],
    ["an empty target", "regression", " ", /is not a finite number/],
    ["a grade below zero", "ranking", "-1", /below 0/],
    ["no text that is right", "generation", [], /empty list of texts/],
  ];
  test.each(refused)("%s is refused", (_, task, label, message) => {
    expect(() => truthOf(label, plan(task))).toThrow(message);
  });

  test("labels of one kind only make a truth", () => {
    expect(truthsOf([0.5, 1])).toEqual(Float64Array.of(0.5, 1));
    expect(() => truthsOf([0.5, Float64Array.of(1, 2)])).toThrow("some labels are numbers, and some are lists");
  });
});

test("scores are kept only when every row has them", () => {
  const prediction = (scores: number[] | null) => ({ value: "x", scores, oddSum: null });
  expect(answersOf([prediction([-1]), prediction([-2, -3])], "generation")).toEqual({
    ...{ task: "generation", texts: ["x", "x"], logprobs: [Float64Array.of(-1), Float64Array.of(-2, -3)] },
  });
  expect(answersOf([prediction([-1]), prediction(null)], "generation")).toMatchObject({ logprobs: null });
});
