import { describe, expect, test } from "vitest";
import { sha256 } from "../../../src/domain/digest.ts";
import { checkOf, type DecisionContext, judge } from "../../../src/domain/gate/decide.ts";
import { badAnswers, perfectAnswers } from "../../../src/domain/gate/known-bad.ts";
import { selfTest } from "../../../src/domain/gate/self-test.ts";
import type { Observations, Task, Truth } from "../../../src/domain/observations/observations.ts";

const context: DecisionContext = {
  seeds: { candidate: sha256("candidate"), champion: null, data: sha256("data") },
  replicates: 200,
  firstPromotion: "allow",
};
const rows = 600;
const each = <T>(make: (row: number) => T): T[] => Array.from({ length: rows }, (_, row) => make(row));
const three = ["a", "b", "c"];

/** Rows of a task, and a gate that a user would write for them. */
const tasks: [string, Task, readonly string[], Truth, string, string[] | null][] = [
  ["binary", "binary", ["no", "yes"], Float64Array.from(each((row) => row % 2)), "accuracy >= 0.9", null],
  ["multiclass", "multiclass", three, Float64Array.from(each((row) => row % 3)), "accuracy >= 0.9 @95%", null],
  [
    "multilabel",
    "multilabel",
    three,
    each((row) => Uint8Array.of(row % 2, row % 3 === 0 ? 1 : 0, 1)),
    "f1 >= 0.9",
    null,
  ],
  ["regression", "regression", [], Float64Array.from(each((row) => row / 10)), "mae <= 3 @95%", null],
  [
    "ranking",
    "ranking",
    [],
    Float64Array.from(each((row) => row % 4)),
    "ndcg(k=3) >= 0.9",
    each((row) => `q${Math.floor(row / 4)}`),
  ],
  ["generation", "generation", [], each((row) => [`text ${row}`, `words ${row}`]), "token_f1 >= 0.8 @95%", null],
  ["embedding", "embedding", [], each((row) => Float64Array.of(1, row / 100)), "cosine >= 0.9 @95%", null],
  ["pairs", "embedding", [], Float64Array.from(each((row) => (row % 50) / 50)), "spearman >= 0.7", null],
];

describe.each(tasks)("known-bad answers of %s", (_, task, classes, truth, gate, groups) => {
  const observed: Observations = {
    ...{ task, classes, truth, groups, champion: null, championState: "none", slices: {}, failedRows: 0, load: null },
    candidate: perfectAnswers({ task, classes, truth }),
  };
  const verdict = (candidate: Observations["candidate"]) =>
    judge([checkOf(gate)], { ...observed, candidate }, context).verdict;

  test("perfect answers pass", () => {
    expect(verdict(observed.candidate)).toBe("pass");
  });

  test("no bad answers pass", () => {
    const bad = badAnswers(observed);
    expect(bad.length).toBeGreaterThan(0);
    expect(bad.filter(({ answers }) => verdict(answers) === "pass")).toEqual([]);
  });

  test("a sound gate has no hole", () => {
    expect(selfTest([checkOf(gate)], observed, context)).toEqual([]);
  });

  test("a gate that asks nothing is found", () => {
    const lax = { mae: "mae <= 1000000", f1: "f1 >= 0" }[gate.split(" ")[0]!] ?? gate.replace(/0\.\d+/, "-1");
    expect(selfTest([checkOf(lax)], observed, context)).not.toEqual([]);
  });
});
