import * as fc from "fast-check";
import { expect, test } from "vitest";
import {
  type Bca,
  bca,
  bcaBounds,
  interpolated,
  leaveOneOut,
  resample,
  type Statistic,
} from "../../../src/domain/statistics/bootstrap.ts";

const meanOf =
  (values: readonly number[]): Statistic =>
  (indices) => {
    const rows = indices ? Array.from(indices, (row) => values[row]!) : values;
    return rows.reduce((sum, value) => sum + value, 0) / rows.length;
  };

const values = Array.from({ length: 60 }, (_, i) => Math.exp(Math.sin(i * i)));
const asked = { n: values.length, replicates: 500, seed: "s", statistic: meanOf(values) };

test("bounds hold the estimate, widen with the confidence and come again with the seed", () => {
  fc.assert(
    fc.property(fc.string(), fc.double({ min: 0.7, max: 0.98, noNaN: true }), (seed, confidence) => {
      const { lower, upper } = bcaBounds({ ...asked, seed, confidence });
      const wider = bcaBounds({ ...asked, seed, confidence: (1 + confidence) / 2 });
      const mean = asked.statistic(null);
      expect(lower).toBeLessThanOrEqual(mean);
      expect(upper).toBeGreaterThanOrEqual(mean);
      expect(wider.lower).toBeLessThanOrEqual(lower);
      expect(wider.upper).toBeGreaterThanOrEqual(upper);
      expect(bcaBounds({ ...asked, seed, confidence })).toEqual({ lower, upper, degenerate: false });
    }),
    { numRuns: 25 },
  );
});

test("replicates that never move are degenerate", () => {
  expect(bcaBounds({ ...asked, statistic: () => 0.5, confidence: 0.95 })).toEqual({
    lower: 0.5,
    upper: 0.5,
    degenerate: true,
  });
});

test("a statistic that is undefined on a sample has no bounds", () => {
  const first = (indices: Int32Array | null) =>
    indices?.every((row) => row > 0) ? Number.NaN : asked.statistic(indices);
  expect(bcaBounds({ ...asked, statistic: first, confidence: 0.95 })).toEqual({
    lower: Number.NaN,
    upper: Number.NaN,
    degenerate: false,
  });
  const alone = (indices: Int32Array | null) =>
    indices?.length === asked.n - 1 ? Number.NaN : asked.statistic(indices);
  expect(bcaBounds({ ...asked, statistic: alone, confidence: 0.95 }).lower).toBeNaN();
});

test("each row is left out once, the others in order", () => {
  const seen: number[][] = [];
  leaveOneOut(4, (indices) => seen.push([...indices!]));
  expect(seen).toEqual([
    [1, 2, 3],
    [0, 2, 3],
    [0, 1, 3],
    [0, 1, 2],
  ]);
});

test("a sample has as many rows as the data, with repeats", () => {
  let rows = 0;
  resample({ ...asked, replicates: 3, statistic: (indices) => (rows += new Set(indices).size) });
  expect(rows).toBeLessThan(3 * asked.n);
  expect(rows).toBeGreaterThan(asked.n);
});

test("quantiles interpolate between the two nearest", () => {
  const sorted = Float64Array.of(1, 2, 4, 8);
  expect([0, 0.5, 0.9, 1].map((p) => interpolated(sorted, p))).toEqual([1, 3, 4 + 4 * (0.9 * 3 - 2), 8]);
});

const rounded = (found: Bca): Bca => ({
  ...found,
  lower: Math.round(found.lower),
  upper: Math.round(found.upper),
});

test("an estimate outside all replicates, or rows that do not move it, get plain percentiles", () => {
  const replicates = Float64Array.from({ length: 101 }, (_, i) => i);
  const jackknife = Float64Array.of(1, 2, 3, 10);
  const plain = { lower: 5, upper: 95, z0: 0, acceleration: 0 };
  expect(rounded(bca({ theta: -1, replicates, jackknife }, 0.95))).toEqual(plain);
  expect(rounded(bca({ theta: 200, replicates, jackknife }, 0.95))).toEqual(plain);
  expect(rounded(bca({ theta: 30, replicates, jackknife: new Float64Array(7).fill(0.1) }, 0.95))).toEqual(plain);
});

test("an extreme correction never turns a bound to the other side", () => {
  const replicates = Float64Array.from({ length: 1000 }, (_, i) => i);
  const skewed = Float64Array.from({ length: 200 }, (_, i) => (i === 0 ? -1000 : 0));
  const { lower, upper } = bca({ theta: 998.5, replicates, jackknife: skewed }, 0.9999);
  expect(upper).toBe(999);
  expect(lower).toBeLessThan(upper);
});
