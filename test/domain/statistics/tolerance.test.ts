import * as fc from "fast-check";
import { expect, test } from "vitest";
import { closeness, type Nested } from "../../../src/domain/statistics/tolerance.ts";

const strict = { rtol: 0, atol: 0, equalNan: false };
const half = { rtol: 0, atol: 0.5, equalNan: false };

test("the number furthest out, as a multiple of what is allowed, is named with its place", () => {
  const found = closeness(
    [
      [1, 2],
      [3, 10],
    ],
    [
      [1, 2.6],
      [3, 5],
    ],
    half,
  );
  expect(found).toEqual({
    close: false,
    shape: null,
    misses: 2,
    worst: { index: [1, 1], actual: 10, expected: 5, error: 5, allowed: 0.5 },
  });
});

test("a number that is not finite is further out than any other", () => {
  expect(closeness([100, Number.NaN, 200], [1, 1, 1], half).worst?.index).toEqual([1]);
  expect(closeness([100, Number.POSITIVE_INFINITY], [1, 1], half).worst?.index).toEqual([1]);
  expect(closeness([1], [Number.POSITIVE_INFINITY], half).close).toBe(false);
});

test.each<[Nested, Nested, readonly number[]]>([
  [[1, 2], [1], []],
  [[[1], [2, 3]], [[1], [2]], [1]],
  [[[1]], [1], [0]],
  [1, [1], []],
  [[], [[]], []],
])("%j and %j differ in shape", (actual, expected, shape) => {
  expect(closeness(actual, expected, half)).toMatchObject({ close: false, shape });
});

test("everything is close to itself, and NaN only when asked", () => {
  const { nested } = fc.letrec<{ nested: Nested }>((tie) => ({
    nested: fc.oneof({ maxDepth: 3 }, fc.double({ noNaN: true }), fc.array(tie("nested"), { maxLength: 4 })),
  }));
  fc.assert(fc.property(nested, (value) => closeness(value, value, strict).close));
  expect(closeness([Number.NaN], [Number.NaN], half).close).toBe(false);
  expect(closeness([Number.NaN], [Number.NaN], { ...half, equalNan: true }).close).toBe(true);
});

test("the relative part is of the expected number", () => {
  const tenth = { rtol: 0.1, atol: 0, equalNan: false };
  expect(closeness(9.95, 11, tenth).close).toBe(true);
  expect(closeness(11, 9.95, tenth).close).toBe(false);
});
