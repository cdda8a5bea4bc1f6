import * as fc from "fast-check";
import { expect, test } from "vitest";
import { type CategoricalDrift, categoricalDrift } from "../../../src/domain/drift/categorical.ts";
import { distances, jensenShannon, psiWithFloor } from "../../../src/domain/drift/shares.ts";

const pair = fc
  .array(fc.tuple(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 0, max: 40 })), { minLength: 1, maxLength: 9 })
  .map((columns) => ({ reference: columns.map(([r]) => r), current: columns.map(([, c]) => c) }))
  .filter(({ reference, current }) => reference.some((count) => count > 0) && current.some((count) => count > 0));

const drift = (reference: number[], current: number[]) => categoricalDrift({ reference, current }) as CategoricalDrift;

test("every distance is 0 for equal shares, and finite, positive and the same both ways for others", () => {
  fc.assert(
    fc.property(pair, fc.integer({ min: 2, max: 9 }), ({ reference, current }, times) => {
      const { psi: _, ...same } = distances({ reference, current: reference.map((count) => count * times) });
      for (const distance of Object.values(same)) expect(distance).toBeCloseTo(0, 12);
      const there = distances({ reference, current });
      const back = distances({ reference: current, current: reference });
      for (const [name, distance] of Object.entries(there)) {
        expect(distance).toBeGreaterThanOrEqual(0);
        expect(Number.isFinite(distance)).toBe(true);
        expect(back[name as keyof typeof back]).toBeCloseTo(distance, 10);
      }
      expect(Math.max(there.jensenShannon, there.hellinger, there.totalVariation)).toBeLessThanOrEqual(1 + 1e-12);
      expect(there.lInfinity).toBeLessThanOrEqual(there.totalVariation + 1e-12);
    }),
  );
});

test("categories that share nothing are as far apart as can be", () => {
  const found = drift([10, 0], [0, 4]);
  expect(found).toMatchObject({ totalVariation: 1, lInfinity: 1, hellinger: 1, unseenShare: 1 });
  expect(found.jensenShannon).toBeCloseTo(1, 15);
  expect(jensenShannon({ reference: [10, 0], current: [0, 4] })).toBeCloseTo(Math.sqrt(Math.LN2), 15);
});

test("a small change keeps its digits", () => {
  const [n, extra] = [1e12, 1];
  // Near no change the divergence is an eighth of the chi-squared distance: sum of (p - q)^2 / p over 8.
  const expected = Math.sqrt((2 * (extra / (2 * n)) ** 2) / 0.5 / 8);
  const found = jensenShannon({ reference: [n, n], current: [n + extra, n - extra] });
  expect(found / expected).toBeCloseTo(1, 3);
});

test("an empty category on one side has a finite part in either stability index", () => {
  expect(drift([50, 0], [40, 10]).psi).toBeGreaterThan(0.3);
  expect(psiWithFloor({ reference: [50, 0], current: [40, 10] })).toBeCloseTo(
    (0.8 - 1) * Math.log(0.8) + (0.2 - 1e-4) * Math.log(0.2 / 1e-4),
    12,
  );
});

test("the share of unseen categories counts current rows, and one category alone cannot drift", () => {
  expect(drift([5, 0, 0], [6, 1, 1]).unseenShare).toBe(0.25);
  expect(drift([5], [9])).toMatchObject({ chi2: 0, chi2P: 1, totalVariation: 0, unseenShare: 0 });
});

test("no rows on a side are no drift of 0 but no drift at all", () => {
  expect(categoricalDrift({ reference: [0, 0], current: [1, 2] })).toEqual({ undefined: "no_rows" });
  expect(categoricalDrift({ reference: [1, 2], current: [] })).toEqual({ undefined: "no_rows" });
});
