import * as fc from "fast-check";
import { expect, test } from "vitest";
import {
  clopperPearson,
  clopperPearsonLower,
  clopperPearsonUpper,
  clusteredError,
  meanInterval,
  meanLower,
  meanUpper,
  quantileRanks,
  standardError,
  wilson,
} from "../../../src/domain/statistics/intervals.ts";
import { binomialCdf, binomialSurvival } from "../../../src/domain/statistics/special.ts";

const counted = fc
  .integer({ min: 1, max: 3000 })
  .chain((n) => fc.tuple(fc.integer({ min: 0, max: n }), fc.constant(n)));
const confidence = fc.double({ min: 0.5, max: 0.9999, noNaN: true });
const sample = fc
  .array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 2, maxLength: 60 })
  .map((values) => Float64Array.from(values));

test("bounds of a share hold it and widen with the confidence", () => {
  fc.assert(
    fc.property(counted, confidence, ([k, n], c) => {
      for (const bounds of [clopperPearson, wilson]) {
        const [narrow, wide] = [bounds(k, n, c), bounds(k, n, (1 + c) / 2)];
        expect(narrow[0]).toBeLessThanOrEqual(k / n + 1e-12);
        expect(narrow[1]).toBeGreaterThanOrEqual(k / n - 1e-12);
        expect(wide[0]).toBeLessThanOrEqual(narrow[0]);
        expect(wide[1]).toBeGreaterThanOrEqual(narrow[1]);
      }
    }),
  );
});

test("at a Clopper-Pearson bound what was seen is exactly as unlikely as allowed", () => {
  fc.assert(
    fc.property(counted, confidence, ([k, n], c) => {
      fc.pre(k > 0 && k < n);
      expect(binomialSurvival(k - 1, n, clopperPearsonLower(k, n, c))).toBeCloseTo(1 - c, 9);
      expect(binomialCdf(k, n, clopperPearsonUpper(k, n, c))).toBeCloseTo(1 - c, 9);
    }),
  );
});

test("no success and no failure have exact bounds", () => {
  expect(clopperPearsonLower(0, 10, 0.95)).toBe(0);
  expect(clopperPearsonUpper(10, 10, 0.95)).toBe(1);
  expect(clopperPearsonUpper(0, 299, 0.95)).toBeCloseTo(1 - 0.05 ** (1 / 299), 14);
  expect([wilson(0, 5, 0.95)[0], wilson(5, 5, 0.95)[1]]).toEqual([0, 1]);
});

test("counts divided by a design effect have wider bounds", () => {
  expect(clopperPearsonUpper(7 / 3, 100 / 3, 0.95)).toBeGreaterThan(clopperPearsonUpper(7, 100, 0.95));
});

test("bounds of a mean hold it, widen with the confidence and move with the values", () => {
  fc.assert(
    fc.property(sample, confidence, (values, c) => {
      const [lower, upper] = meanInterval(values, c);
      const centre = values.reduce((sum, value) => sum + value, 0) / values.length;
      const slack = 1e-9 * (1 + Math.abs(centre));
      expect(lower).toBeLessThanOrEqual(centre + slack);
      expect(upper).toBeGreaterThanOrEqual(centre - slack);
      expect(meanLower(values, (1 + c) / 2)).toBeLessThanOrEqual(meanLower(values, c) + slack);
      expect(meanUpper(values, (1 + c) / 2)).toBeGreaterThanOrEqual(meanUpper(values, c) - slack);
    }),
  );
});

test("one value has no bounds, equal values have no width", () => {
  expect(meanLower(Float64Array.of(3), 0.95)).toBeNaN();
  expect(meanInterval(Float64Array.of(2, 2, 2), 0.95)).toEqual([2, 2]);
});

test("clusters of one are independent rows, and copies add nothing", () => {
  const values = Float64Array.of(1, 4, 2, 8, 5, 7);
  const independent = standardError(values);
  const singly = clusteredError(values, ["a", "b", "c", "d", "e", "f"]);
  expect(singly).toBeCloseTo(independent * Math.sqrt(5 / 6), 12);
  const doubled = Float64Array.of(...values, ...values);
  expect(clusteredError(doubled, [1, 2, 3, 4, 5, 6, 1, 2, 3, 4, 5, 6])).toBeCloseTo(singly, 12);
});

test("ranks around a quantile are the tightest that hold", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 800 }),
      fc.constantFrom(0.5, 0.9, 0.99),
      fc.constantFrom(0.9, 0.95, 0.99),
      (n, p, c) => {
        const { lower, upper } = quantileRanks(n, p, c);
        const holdsAbove = (rank: number) => binomialCdf(rank - 1, n, p) >= c - 1e-12;
        const holdsBelow = (rank: number) => binomialSurvival(rank - 1, n, p) >= c - 1e-12;
        const ranks = Array.from({ length: n }, (_, i) => i + 1);
        expect(upper).toBe(ranks.find(holdsAbove) ?? null);
        expect(lower).toBe(ranks.findLast(holdsBelow) ?? null);
      },
    ),
    { numRuns: 40 },
  );
});

test("one value bounds a quantile from below when the confidence is just its share", () => {
  expect(quantileRanks(1, 0.9, 0.9)).toEqual({ lower: 1, upper: null });
});
