import * as fc from "fast-check";
import { expect, test } from "vitest";
import {
  mcnemar,
  pairedWald,
  tangoBounds,
  tangoLower,
  tangoUpper,
  tangoZ,
} from "../../../src/domain/statistics/paired-binary.ts";
import { normalQuantile } from "../../../src/domain/statistics/special.ts";

const table = fc
  .integer({ min: 1, max: 5000 })
  .chain((n) => fc.tuple(fc.integer({ min: 0, max: n }), fc.double({ min: 0, max: 1, noNaN: true }), fc.constant(n)))
  .map(([b, share, n]) => [b, Math.floor(share * (n - b)), n] as const);
const confidence = fc.double({ min: 0.5, max: 0.9999, noNaN: true });

test("the published example of Tango 1998", () => {
  const [lower, upper] = tangoBounds(1, 7, 21, 0.95);
  expect([lower.toFixed(3), upper.toFixed(3)]).toEqual(["-0.517", "-0.026"]);
});

test("bounds hold the difference, widen with the confidence and mirror when the models change places", () => {
  fc.assert(
    fc.property(table, confidence, ([b, c, n], sure) => {
      const [lower, upper] = [tangoLower(b, c, n, sure), tangoUpper(b, c, n, sure)];
      expect(lower).toBeLessThanOrEqual((b - c) / n);
      expect(upper).toBeGreaterThanOrEqual((b - c) / n);
      expect(tangoLower(b, c, n, (1 + sure) / 2)).toBeLessThanOrEqual(lower);
      expect(tangoLower(c, b, n, sure)).toBe(-upper);
      expect(Math.min(lower, upper)).toBeGreaterThanOrEqual(-1);
    }),
  );
});

test("at a bound the score statistic is the normal quantile", () => {
  fc.assert(
    fc.property(table, ([b, c, n]) => {
      const [lower, upper] = tangoBounds(b, c, n, 0.9);
      fc.pre(lower > -1 + 1e-9 && upper < 1 - 1e-9);
      expect(tangoZ(b, c, n, lower)).toBeCloseTo(normalQuantile(0.95), 5);
      expect(tangoZ(b, c, n, upper)).toBeCloseTo(-normalQuantile(0.95), 5);
    }),
  );
});

test("the score statistic is defined where its variance is not", () => {
  expect(tangoZ(0, 0, 10, 0)).toBe(0);
  expect(tangoZ(10, 0, 10, 1)).toBe(0);
  expect(tangoZ(0, 0, 10, 1)).toBe(Number.NEGATIVE_INFINITY);
  expect(tangoZ(0, 0, 10, -1)).toBe(Number.POSITIVE_INFINITY);
  expect(tangoUpper(10, 0, 10, 0.95)).toBe(1);
  expect(tangoLower(0, 10, 10, 0.95)).toBe(-1);
  expect([tangoLower(3, 4, 50, 1), tangoUpper(3, 4, 50, 1)]).toEqual([-1, 1]);
});

test("McNemar's tests say nothing without a row that differs", () => {
  expect(mcnemar(0, 0)).toEqual({
    exact: 1,
    midP: 1,
    chi2: null,
    chi2P: null,
    corrected: null,
    correctedP: null,
    exactGreater: 1,
    midPGreater: 0.5,
  });
});

test("mid-p lies below the exact p and both stay within 0 and 1", () => {
  fc.assert(
    fc.property(table, ([b, c]) => {
      const found = mcnemar(b, c);
      expect(found.midP).toBeLessThanOrEqual(found.exact);
      expect(found.midP).toBeGreaterThanOrEqual(0);
      expect(found.midPGreater).toBeLessThanOrEqual(found.exactGreater);
      expect(found.exactGreater + mcnemar(c, b).exactGreater).toBeGreaterThanOrEqual(1 - 1e-12);
    }),
  );
});

test("Wald's interval is centred on the difference and has no width without spread", () => {
  expect(pairedWald(1, 0, 1, 0.95)).toEqual([1, 1]);
  const [lower, upper] = pairedWald(30, 20, 1000, 0.95);
  expect((lower + upper) / 2).toBeCloseTo(0.01, 15);
});
