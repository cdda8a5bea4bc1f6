import * as fc from "fast-check";
import { expect, test } from "vitest";
import { delong, delongPaired, logitBounds } from "../../../src/domain/statistics/paired-auc.ts";

/** Rows of both classes with tied scores of two models. */
const rows = fc
  .array(fc.tuple(fc.integer({ min: 0, max: 8 }), fc.integer({ min: 0, max: 8 }), fc.boolean()), {
    minLength: 4,
    maxLength: 60,
  })
  .map((drawn) => ({
    truth: [0, 0, 1, 1, ...drawn.map(([, , label]) => Number(label))],
    a: Float64Array.from([1, 5, 3, 7, ...drawn.map(([score]) => score)]),
    b: Float64Array.from([2, 2, 2, 6, ...drawn.map(([, score]) => score)]),
  }));

const mean = (values: number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** The definition: every positive against every negative, ties half. */
function bruteForce(truth: readonly number[], scores: Float64Array) {
  const positives = [...scores].filter((_, i) => truth[i] === 1);
  const negatives = [...scores].filter((_, i) => truth[i] === 0);
  const wins = positives.map((p) => negatives.map((q) => (p > q ? 1 : p === q ? 0.5 : 0)));
  const spread = (values: number[]) =>
    values.reduce((sum, value) => sum + (value - mean(values)) ** 2, 0) / (values.length - 1) / values.length;
  const byPositive = wins.map(mean);
  const byNegative = negatives.map((_, j) => mean(wins.map((row) => row[j]!)));
  return { auc: mean(byPositive), variance: spread(byPositive) + spread(byNegative) };
}

test("the area and its variance equal the sums over all pairs", () => {
  fc.assert(
    fc.property(rows, ({ truth, a }) => {
      const [found, wanted] = [delong(truth, a), bruteForce(truth, a)];
      expect(found.auc).toBeCloseTo(wanted.auc, 12);
      expect(found.variance).toBeCloseTo(wanted.variance, 12);
    }),
  );
});

test("only the order of scores counts, and turning it around mirrors the area", () => {
  fc.assert(
    fc.property(rows, ({ truth, a }) => {
      expect(delong(truth, a.map(Math.exp))).toEqual(delong(truth, a));
      expect(
        delong(
          truth,
          a.map((score) => -score),
        ).auc,
      ).toBeCloseTo(1 - delong(truth, a).auc, 12);
    }),
  );
});

test("the paired variance is made of both variances and their covariance", () => {
  fc.assert(
    fc.property(rows, ({ truth, a, b }) => {
      const found = delongPaired(truth, a, b);
      expect(found.auc).toEqual([delong(truth, a).auc, delong(truth, b).auc]);
      expect(found.variances).toEqual([delong(truth, a).variance, delong(truth, b).variance]);
      expect(found.variance).toBeCloseTo(found.variances[0] + found.variances[1] - 2 * found.covariance, 12);
      expect(found.covariance ** 2).toBeLessThanOrEqual(found.variances[0] * found.variances[1] + 1e-12);
    }),
  );
});

test("a model against itself differs by nothing", () => {
  const scores = Float64Array.of(0.2, 0.7, 0.4, 0.9);
  expect(delongPaired([0, 1, 0, 1], scores, scores)).toMatchObject({ difference: 0, variance: 0 });
});

test("equal scores are worth nothing, a missing class is undefined", () => {
  expect(delong([0, 1, 0, 1], new Float64Array(4))).toEqual({ auc: 0.5, variance: 0 });
  expect(delong([1, 1], Float64Array.of(1, 2)).auc).toBeNaN();
  expect(delong([0, 0], Float64Array.of(1, 2)).auc).toBeNaN();
  expect(delong([0, 0, 1], Float64Array.of(1, 2, 3)).variance).toBeNaN();
});

test("logit bounds hold the area and stay inside 0 and 1", () => {
  const [lower, upper] = logitBounds({ auc: 0.99, variance: 0.01 }, 3);
  expect(lower).toBeGreaterThan(0);
  expect(lower).toBeLessThan(0.99);
  expect(upper).toBeGreaterThan(0.99);
  expect(upper).toBeLessThan(1);
});
