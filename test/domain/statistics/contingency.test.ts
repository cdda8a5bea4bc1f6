import * as fc from "fast-check";
import { expect, test } from "vitest";
import { chiSquared, fisherExact, type TwoByTwo, yates } from "../../../src/domain/statistics/contingency.ts";

const count = fc.integer({ min: 0, max: 12 });
const fourfold = fc.tuple(fc.tuple(count, count), fc.tuple(count, count));

/** n over k. */
const choose = (n: number, k: number): number =>
  k < 0 || k > n ? 0 : Array.from({ length: k }).reduce((product: number, _, i) => (product * (n - i)) / (i + 1), 1);

/** Fisher's test by binomial coefficients. */
function byCoefficients([[a, b], [c, d]]: TwoByTwo): number {
  const ways = (k: number) => choose(a + b, k) * choose(c + d, a + c - k);
  const all = Array.from({ length: a + b + 1 }, (_, k) => ways(k));
  const sum = (numbers: number[]) => numbers.reduce((total, number) => total + number, 0);
  return sum(all.filter((number) => number <= ways(a) * (1 + 1e-9))) / sum(all);
}

test("Fisher's test adds up all tables that are no likelier", () => {
  fc.assert(
    fc.property(fourfold, (table) => {
      fc.pre(table.flat().some((number) => number > 0));
      expect(fisherExact(table)).toBeCloseTo(byCoefficients(table), 11);
    }),
  );
});

test("Fisher's test knows tables with thousands of counts", () => {
  expect(
    fisherExact([
      [50_000, 50_000],
      [50_000, 50_000],
    ]),
  ).toBeCloseTo(1, 9);
  expect(
    fisherExact([
      [400, 0],
      [0, 400],
    ]),
  ).toBeGreaterThan(0);
});

test("an empty margin leaves nothing to test", () => {
  expect(
    fisherExact([
      [0, 7],
      [0, 5],
    ]),
  ).toBe(1);
  expect(
    yates([
      [0, 7],
      [0, 5],
    ]),
  ).toEqual({ chi2: 0, p: 1 });
  expect(chiSquared([[7], [5]])).toMatchObject({ chi2: 0, df: 0, p: 1, cramersV: null });
  expect(
    chiSquared([
      [3, 4],
      [0, 0],
    ]).cramersV,
  ).toBeNull();
});

test("columns without any count are left out", () => {
  const counts = chiSquared([
    [30, 0, 12],
    [18, 0, 24],
  ]);
  expect(counts).toEqual(
    chiSquared([
      [30, 12],
      [18, 24],
    ]),
  );
  expect(counts).toMatchObject({ df: 1, minExpected: 18 });
  expect(counts.chi2).toBeCloseTo(7, 12);
});

test("Yates' correction never takes more than the distance itself", () => {
  expect(
    yates([
      [10, 10],
      [10, 11],
    ]),
  ).toEqual({ chi2: 0, p: 1 });
  fc.assert(
    fc.property(fourfold, (table) => {
      fc.pre(table.flat().every((number) => number > 0));
      expect(yates(table).chi2).toBeLessThanOrEqual(chiSquared(table).chi2);
    }),
  );
});

test("a perfect association has a V of 1, and proportional rows one of 0", () => {
  expect(
    chiSquared([
      [5, 0],
      [0, 8],
    ]).cramersV,
  ).toBeCloseTo(1, 12);
  expect(
    chiSquared([
      [5, 10, 15],
      [10, 20, 30],
    ]).cramersV,
  ).toBeCloseTo(0, 12);
});
