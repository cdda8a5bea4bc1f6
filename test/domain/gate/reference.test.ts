import { describe, expect, test } from "vitest";
import { checkProblems } from "../../../src/domain/gate/check.ts";
import { checkOf, decide } from "../../../src/domain/gate/decide.ts";
import { hopeless } from "../../../src/domain/gate/known-good.ts";
import { parseCheck } from "../../../src/domain/gate/parse.ts";
import { asTruth } from "../../../src/domain/gate/reference.ts";
import { selfTest } from "../../../src/domain/gate/self-test.ts";
import type { Setting } from "../../../src/domain/gate/setting.ts";
import type { Answers, Observations } from "../../../src/domain/observations/observations.ts";
import { context, rightOrNot, wrongFirst } from "./observed.ts";

const decided = (text: string, observed: Observations) => decide(checkOf(text), observed, context);

/** 400 rows: the candidate is wrong on the first 30, the baseline on the first 20, the champion on the first 10. */
const rows = rightOrNot(wrongFirst(400, 30), wrongFirst(400, 10));
const baseline = rightOrNot(wrongFirst(400, 20), null).candidate;
const observed: Observations = { ...rows, baseline };

describe("another model's answers in the place of the truth", () => {
  test.each([
    ["accuracy against baseline >= 0.97", "pass", 390 / 400],
    ["accuracy against baseline >= 98%", "fail", 390 / 400],
    ["accuracy against champion >= 95%", "pass", 380 / 400],
    ["accuracy against baseline >= 95% @95%", "pass", 390 / 400],
    ["accuracy against baseline >= 97% @95%", "inconclusive", 390 / 400],
  ])("%s", (text, status, value) => {
    expect(decided(text, observed)).toMatchObject({ status, value });
  });

  test("the sentence says against whom", () => {
    expect(decided("accuracy against baseline >= 98%", observed).sentence).toContain("accuracy against baseline 97.5");
  });

  test("slices are judged by themselves", () => {
    const site = Array.from({ length: 400 }, (_, row) => (row < 40 ? "north" : "south"));
    const { slices } = decided("accuracy against baseline >= 90% by site", { ...observed, slices: { site } });
    expect(slices?.judged.map(({ name, value }) => [name, value])).toEqual([
      ["north", 30 / 40],
      ["south", 1],
    ]);
  });

  test.each<[string, Answers, unknown]>([
    ["regression", { task: "regression", values: Float64Array.of(1, 2) }, Float64Array.of(1, 2)],
    ["multiclass", { task: "multiclass", labels: Int32Array.of(2, 0), probabilities: null }, Float64Array.of(2, 0)],
    ["multilabel", { task: "multilabel", labels: [Uint8Array.of(1, 0)], scores: null }, [Uint8Array.of(1, 0)]],
    ["generation", { task: "generation", texts: ["a"], logprobs: null }, [["a"]]],
    ["embedding", { task: "embedding", vectors: [Float64Array.of(1)], partners: null }, [Float64Array.of(1)]],
    ["ranking", { task: "ranking", values: Float64Array.of(1) }, null],
  ])("of a %s model", (_, answers, truth) => {
    expect(asTruth(answers)).toEqual(truth);
  });

  test("what a conversion moved numbers by", () => {
    const regression: Observations = {
      ...{ task: "regression", classes: [], truth: Float64Array.of(0, 0, 0), groups: null, slices: {} },
      candidate: { task: "regression", values: Float64Array.of(1.5, 2, 3) },
      baseline: { task: "regression", values: Float64Array.of(1, 2, 3.25) },
      ...{ champion: null, championState: "none", failedRows: 0, load: null },
    };
    expect(decided("max_error against baseline <= 0.5", regression)).toMatchObject({ status: "pass", value: 0.5 });
    expect(decided("mae against baseline <= 0.2", regression)).toMatchObject({ status: "fail", value: 0.25 });
  });
});

describe("a baseline to be no worse than", () => {
  test("by point and with evidence", () => {
    expect(decided("accuracy >= baseline - 3pp", observed)).toMatchObject({ status: "pass", ref: 380 / 400 });
    expect(decided("accuracy >= baseline - 1pp", observed)).toMatchObject({ status: "fail" });
    expect(decided("accuracy >= baseline - 5pp @95%", observed)).toMatchObject({ status: "pass", method: "tango" });
  });

  test.each([
    ["accuracy >= baseline - 1pp", { ...observed, baseline: null }, "error", "reference_unavailable"],
    ["accuracy against baseline >= 0.9", rows, "error", "reference_unavailable"],
    ["accuracy against previous >= 0.9", observed, "error", "reference_unavailable"],
    [
      "accuracy against champion >= 0.9",
      { ...observed, champion: null, championState: "unavailable" as const },
      "error",
      "champion_unavailable",
    ],
    [
      "accuracy against champion >= 0.9",
      { ...observed, champion: null, championState: "none" as const },
      "skipped",
      "no_champion",
    ],
    [
      "accuracy against baseline >= 0.9",
      { ...observed, baseline: rightOrNot([true], null).candidate },
      "inconclusive",
      "rows_differ",
    ],
  ])("%s without it", (text, without, status, reason) => {
    expect(decided(text, without)).toMatchObject({ status, reason });
  });
});

describe("what is known before anything is built", () => {
  const setting: Setting = { task: "binary", classes: ["no", "yes"], sliceColumns: [], load: null, hasBaseline: true };
  const problems = (text: string, changed: Partial<Setting> = {}) =>
    checkProblems(checkOf(text), { ...setting, ...changed }).map(({ message, column }) => [column, message]);

  test("a baseline that is named may be compared with", () => {
    expect(problems("accuracy against baseline >= 99% @95%")).toEqual([]);
    expect(problems("accuracy >= baseline - 1pp")).toEqual([]);
  });

  test.each<[string, number, RegExp, Partial<Setting>]>([
    ["accuracy against baseline >= 99%", 10, /nothing is observed for "baseline"/, { hasBaseline: false }],
    ["accuracy against previous >= 99%", 10, /nothing is observed for "previous"/, {}],
    ["accuracy against baseline >= champion", 10, /takes the answers of another for the truth/, {}],
    [
      "error_rate against champion <= 1%",
      12,
      /not measured on answers/,
      { load: { closed: false, takesTurns: true, goodput: false, search: false } },
    ],
    [
      "latency.p99 <= baseline * 1.2",
      16,
      /is not measured of the baseline/,
      { load: { closed: false, takesTurns: true, goodput: false, search: false } },
    ],
    ["ndcg against baseline >= 0.9", 6, /scores are no grades/, { task: "ranking", classes: [] }],
  ])("%s", (text, column, message, changed) => {
    expect(problems(text, changed)).toEqual([[column, expect.stringMatching(message)]]);
  });

  test.each(["accuracy against >= 0.9", "accuracy against original >= 0.9"])("%s is no check", (text) => {
    expect(() => parseCheck(text)).toThrow(/champion|compares with/);
  });
});

describe("the self-test sees such a gate fail and pass", () => {
  const checks = ["accuracy against baseline >= 99%", "accuracy >= baseline - 1pp"].map((text) => checkOf(text));

  test("bad answers are stopped, perfect ones get through", () => {
    expect(selfTest(checks, observed, context)).toEqual([]);
    expect(hopeless(checks, observed, context)).toEqual([]);
  });
});
