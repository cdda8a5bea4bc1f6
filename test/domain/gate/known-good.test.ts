import { describe, expect, test } from "vitest";
import { anyOfCheck, type Check, checkOf } from "../../../src/domain/gate/decide.ts";
import { hopeless } from "../../../src/domain/gate/known-good.ts";
import type { Observations } from "../../../src/domain/observations/observations.ts";
import { context, rightOrNot, wrongFirst } from "./observed.ts";

const rows = 120;
const observed: Observations = {
  ...rightOrNot(wrongFirst(rows, 60), null),
  slices: {
    user: Array.from({ length: rows }, (_, row) => `u${row % 60}`),
    half: Array.from({ length: rows }, (_, row) => (row < 60 ? "first" : "second")),
  },
};
const found = (...checks: (string | Check)[]) =>
  hopeless(
    checks.map((check) => (typeof check === "string" ? checkOf(check) : check)),
    observed,
    context,
  );

describe("a gate that the data leave no chance is named, with the reason", () => {
  test.each<[string, RegExp]>([
    ["accuracy >= 0.9 @95% by user", /more than 50 slices/],
    ["accuracy >= 0.98 @95%", /95 % lower bound 97\.5 %/],
    ["accuracy >= 0.96 @95% by half", /0 of 2 slices pass/],
    ["accuracy >= 0.9 by half [min 200]", /No slice has enough rows/],
    ["accuracy >= champion - 1pp @95% [min 500]", /at least 500 must count/],
    ["f1 >= 0.9 @95% [min 500]", /at least 500 must count/],
  ])("%s", (text, why) => {
    expect(found(text)).toEqual([{ check: text, sentence: expect.stringMatching(why) }]);
    expect(found(text)[0]!.sentence).toContain("can never pass on these data");
  });

  test("too few positives for an area", () => {
    const truth = Float64Array.from({ length: rows }, (_, row) => (row < 10 ? 1 : 0));
    expect(hopeless([checkOf("roc_auc >= 0.8 @95%")], { ...observed, truth }, context)).toHaveLength(1);
  });

  test("alternatives of which each has no chance", () => {
    const anyOf = (...texts: string[]) => anyOfCheck(texts.map((text) => checkOf(text)));
    expect(found(anyOf("accuracy >= 0.98 @95%", "accuracy >= 0.9 by user"))).toHaveLength(1);
    expect(found(anyOf("accuracy >= 0.98 @95%", "accuracy >= 0.9"))).toEqual([]);
    // One of them alone could pass, both held to the corrected confidence cannot.
    expect(found("accuracy >= 0.974 @95%")).toEqual([]);
    expect(found(anyOf("accuracy >= 0.974 @95%", "recall(class=yes) >= 0.99 @95%"))).toHaveLength(1);
  });
});

test("gates that good answers can pass are not named", () => {
  expect(
    found(
      "accuracy >= 0.95 @95%",
      "accuracy > champion @95%",
      "accuracy >= champion * 0.98 @95%",
      "f1 >= 0.9 @95%",
      "roc_auc >= 0.8 @95%",
      "brier <= 0.2 @95%",
      "accuracy >= 0.9 @90% by half [min 30]",
      "latency.p99 <= 10ms @95%",
    ),
  ).toEqual([]);
  expect(found({ ...checkOf("accuracy >= 0.98 @95%"), severity: "advisory" })).toEqual([]);
});
