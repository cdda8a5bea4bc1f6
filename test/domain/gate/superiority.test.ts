import { describe, expect, test } from "vitest";
import { checkOf, decide } from "../../../src/domain/gate/decide.ts";
import type { Observations } from "../../../src/domain/observations/observations.ts";
import { mcnemar } from "../../../src/domain/statistics/paired-binary.ts";
import { context, rightOrNot } from "./observed.ts";

/** 400 rows: 14 only the candidate has right, 4 only the champion. */
const better = rightOrNot(
  Array.from({ length: 400 }, (_, row) => row >= 4),
  Array.from({ length: 400 }, (_, row) => row < 4 || row >= 18),
);
const found = (text: string, observed: Observations, changed = {}) =>
  decide(checkOf(text), observed, { ...context, ...changed }).tests;
/** 200 rows whose errors are `by` smaller than the champion's on most rows. */
const errors = (by: number): Observations => ({
  ...better,
  task: "regression",
  classes: [],
  truth: new Float64Array(200),
  candidate: { task: "regression", values: Float64Array.from({ length: 200 }, (_, row) => 1 + (row % 7) / 10) },
  champion: {
    task: "regression",
    values: Float64Array.from({ length: 200 }, (_, row) => 1 + by + ((row * 3) % 7) / 10),
  },
});

test("0/1 outcomes on the same rows have McNemar's p values, with and without confidence", () => {
  const { midPGreater, exactGreater } = mcnemar(14, 4);
  for (const text of ["accuracy > champion", "accuracy >= champion - 1pp @95%"])
    expect(found(text, better)).toEqual([
      { name: "McNemar mid-p", p: midPGreater },
      { name: "McNemar exact", p: exactGreater },
    ]);
  expect(midPGreater).toBeLessThan(exactGreater);
});

test("a candidate that is worse has a large p", () => {
  const { candidate, champion } = better;
  const worse: Observations = { ...better, candidate: champion!, champion: candidate };
  for (const { p } of found("accuracy >= champion", worse)) expect(p).toBeGreaterThan(0.97);
});

test("means have the sign-flip p value: small where lower errors are better, seeded by the digests", () => {
  const [flipped, ...more] = found("mae < champion @95%", errors(0.2));
  expect(more).toEqual([]);
  expect(flipped).toMatchObject({ name: "sign-flip" });
  expect(flipped!.p).toBeLessThan(0.01);
  expect(found("mae < champion @95%", errors(-0.2))[0]!.p).toBeGreaterThan(0.99);
  expect(found("mae < champion @95%", errors(0.01))).toEqual(found("mae < champion @95%", errors(0.01)));
  const seeds = { ...context.seeds, data: context.seeds.candidate };
  expect(found("mae < champion @95%", errors(0.01), { seeds })).not.toEqual(found("mae < champion @95%", errors(0.01)));
});

test("rows in groups turn their sign together: repeating rows makes nothing surer", () => {
  const repeated = (times: number): Observations => {
    const row = (i: number) => Math.floor(i / times);
    const right = (only: boolean) =>
      Array.from({ length: 60 * times }, (_, i) => (row(i) < 12 ? row(i) < 8 === only : true));
    return {
      ...rightOrNot(right(true), right(false)),
      groups: Array.from({ length: 60 * times }, (_, i) => `user ${row(i)}`),
    };
  };
  const [once] = found("accuracy >= champion", repeated(1));
  expect(once).toMatchObject({ name: "sign-flip of groups" });
  expect(found("accuracy >= champion", repeated(9))).toEqual([once]);
  expect(found("accuracy >= champion", { ...repeated(9), groups: null })[0]!.p).toBeLessThan(once!.p / 50);
});

describe("nothing is tested", () => {
  test.each<[string, string, Observations]>([
    ["against a number", "accuracy >= 0.9 @95%", better],
    ["where rows are resampled", "f1 >= champion @95%", better],
    ["where the rows that count differ", "precision >= champion @95%", better],
    ["where more is neither better nor worse", "bias <= champion", errors(0.1)],
    ["by slice", "accuracy >= champion by half", { ...better, slices: { half: better.groups ?? [] } }],
  ])("%s", (_, text, observed) => {
    expect(found(text, observed)).toEqual([]);
  });
});

test("it decides nothing: the same p value stands beside a failure and a pass", () => {
  const other = { ...better, candidate: better.champion!, champion: better.candidate };
  expect(decide(checkOf("accuracy > champion @95%"), other, context)).toMatchObject({ status: "fail" });
  expect(decide(checkOf("accuracy >= champion - 5pp @95%"), other, context)).toMatchObject({ status: "pass" });
});
