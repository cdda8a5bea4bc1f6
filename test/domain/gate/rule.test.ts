import { describe, expect, test } from "vitest";
import type { Operator } from "../../../src/domain/gate/parse.ts";
import { holds, withBounds } from "../../../src/domain/gate/rule.ts";

describe("a point on the bound", () => {
  test.each<[Operator, boolean]>([
    [">=", true],
    ["<=", true],
    [">", false],
    ["<", false],
  ])("holds %s: %s", (op, expected) => {
    expect(holds(op, 0.9, 0.9)).toBe(expected);
    expect(holds(op, 0.7 - 0.8, -0.1)).toBe(op === "<" ? true : expected);
  });

  test.each<Operator>([">=", "<=", ">", "<"])("that is NaN holds nothing: %s", (op) => {
    expect([holds(op, Number.NaN, 0), holds(op, 0, Number.NaN)]).toEqual([false, false]);
  });
});

describe("a range against the bound 0", () => {
  test.each<[Operator, number | null, number | null, string]>([
    [">=", 0, 1, "pass"],
    [">", 0, 1, "inconclusive"],
    [">", 0.1, 1, "pass"],
    [">=", -1, 0, "inconclusive"],
    [">", -1, 0, "fail"],
    [">=", -1, -0.1, "fail"],
    [">=", -1, 1, "inconclusive"],
    ["<=", -1, 0, "pass"],
    ["<", -1, 0, "inconclusive"],
    ["<", -1, -0.1, "pass"],
    ["<=", 0, 1, "inconclusive"],
    ["<", 0, 1, "fail"],
    ["<=", 0.1, 1, "fail"],
    [">=", null, null, "inconclusive"],
    [">=", Number.NaN, Number.NaN, "inconclusive"],
    [">=", null, 1, "inconclusive"],
    ["<=", 0.1, Number.POSITIVE_INFINITY, "fail"],
  ])("%s with %d to %d: %s", (op, lower, upper, expected) => {
    expect(withBounds(op, 0, { lower, upper })).toBe(expected);
  });
});
