import * as fc from "fast-check";
import { expect, test } from "vitest";
import { betaTails } from "../../../src/domain/statistics/beta.ts";
import { gammaTails, lgamma, stirlingError } from "../../../src/domain/statistics/gamma.ts";
import {
  betaQuantile,
  binomialCdf,
  binomialPmf,
  binomialSurvival,
  chi2Quantile,
  chi2Survival,
  kolmogorovSurvival,
  normalCdf,
  normalQuantile,
  normalSurvival,
  tCdf,
  tQuantile,
} from "../../../src/domain/statistics/special.ts";

/** How far apart two numbers are, relative to the second. */
const apart = (got: number, want: number): number => (got === want ? 0 : Math.abs(got / want - 1));

const share = fc.double({ min: 1e-12, max: 1 - 1e-12, noNaN: true });
const degrees = fc.integer({ min: 1, max: 5000 });

test("the normal keeps its digits in both far tails", () => {
  expect(apart(normalCdf(-37), 5.725571222524577e-300)).toBeLessThan(1e-11);
  expect(apart(normalSurvival(10), 7.61985302416047e-24)).toBeLessThan(1e-12);
  expect([normalCdf(Number.NEGATIVE_INFINITY), normalCdf(0), normalCdf(Number.POSITIVE_INFINITY)]).toEqual([0, 0.5, 1]);
});

test("the normal quantile inverts the distribution and is antisymmetric", () => {
  fc.assert(
    fc.property(share, (p) => {
      const z = normalQuantile(p);
      expect(apart(p < 0.5 ? normalCdf(z) : normalSurvival(z), Math.min(p, 1 - p))).toBeLessThan(1e-11);
      expect(normalQuantile(1 - p)).toBeCloseTo(-z, 3);
    }),
  );
});

test("quantiles close to the middle keep their digits", () => {
  expect(apart(normalQuantile(0.5 + 2 ** -40), 2 ** -40 * Math.sqrt(2 * Math.PI))).toBeLessThan(1e-11);
  expect(apart(tQuantile(0.5 + 2 ** -40, 1), Math.PI * 2 ** -40)).toBeLessThan(1e-11);
});

test("the t quantile inverts the distribution", () => {
  fc.assert(
    fc.property(share, degrees, (p, df) => {
      const tail = tCdf(-Math.abs(tQuantile(p, df)), df);
      expect(apart(tail, Math.min(p, 1 - p))).toBeLessThan(1e-9);
    }),
  );
});

test("t with one degree of freedom is Cauchy and with many is normal", () => {
  fc.assert(
    fc.property(fc.double({ min: -50, max: 50, noNaN: true }), (t) => {
      expect(tCdf(t, 1)).toBeCloseTo(0.5 + Math.atan(t) / Math.PI, 12);
      expect(tCdf(t, 1e9)).toBeCloseTo(normalCdf(t), 8);
    }),
  );
});

test("the beta quantile inverts the incomplete beta function and mirrors with its shapes", () => {
  const shape = fc.double({ min: 0.5, max: 20_000, noNaN: true });
  fc.assert(
    fc.property(fc.double({ min: 1e-12, max: 0.5, noNaN: true }), shape, shape, (p, a, b) => {
      const x = betaQuantile(p, a, b);
      // Close to 1 the next number is already a visible step of the distribution.
      expect(x > 0.9 ? 0 : apart(betaTails(a, b, x).lower, p)).toBeLessThan(1e-9);
      expect(x + betaQuantile(1 - p, b, a)).toBeCloseTo(1, 6);
    }),
  );
});

test("the chi-squared quantile inverts the distribution", () => {
  fc.assert(
    fc.property(share, degrees, (p, df) => {
      expect(chi2Survival(chi2Quantile(p, df), df)).toBeCloseTo(1 - p, 11);
    }),
  );
});

test("both tails sum to one and stay in [0, 1]", () => {
  const positive = fc.double({ min: 1e-3, max: 1e6, noNaN: true });
  fc.assert(
    fc.property(positive, positive, fc.double({ min: 0, max: 1, noNaN: true }), (a, b, x) => {
      for (const { lower, upper } of [betaTails(a, b, x), gammaTails(a, b)]) {
        expect(Math.min(lower, upper)).toBeGreaterThanOrEqual(0);
        expect(lower + upper).toBeCloseTo(1, 14);
      }
    }),
  );
});

test("the binomial distribution is the sum of its terms", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 60 }), fc.double({ min: 0, max: 1, noNaN: true }), (n, p) => {
      let sum = 0;
      for (let k = 0; k <= n; k++) {
        sum += binomialPmf(k, n, p);
        expect(binomialCdf(k, n, p)).toBeCloseTo(sum, 12);
        expect(binomialSurvival(k, n, p)).toBeCloseTo(1 - sum, 12);
      }
    }),
  );
});

test("a million trials lose no digits", () => {
  // From 50-digit arithmetic: the middle term of a fair coin, and the same by symmetry of the distribution.
  expect(apart(binomialPmf(500_000, 1_000_000, 0.5), 7.978843613317218e-4)).toBeLessThan(1e-12);
  expect(apart(binomialCdf(499_999, 1_000_000, 0.5), 0.5 - 7.978843613317218e-4 / 2)).toBeLessThan(1e-12);
});

test("outside its range a count is impossible or certain", () => {
  expect([binomialPmf(-1, 5, 0.3), binomialPmf(6, 5, 0.3), binomialPmf(2, 5, 0), binomialPmf(5, 5, 1)]).toEqual([
    0, 0, 0, 1,
  ]);
  expect([
    binomialCdf(-1, 5, 0.3),
    binomialCdf(5, 5, 0.3),
    binomialSurvival(-1, 5, 0.3),
    binomialCdf(0, 0, 0.5),
  ]).toEqual([0, 1, 1, 1]);
  expect([binomialCdf(2, 5, 0), binomialCdf(2, 5, 1)]).toEqual([1, 0]);
});

test("ln gamma follows its recurrence, its reflection and its zeros", () => {
  fc.assert(
    fc.property(fc.double({ min: 1e-3, max: 1e3, noNaN: true }), (x) => {
      expect(Math.abs(lgamma(x + 1) - lgamma(x) - Math.log(x))).toBeLessThan(1e-11);
    }),
  );
  expect([lgamma(1), lgamma(2), lgamma(0)]).toEqual([0, 0, Number.POSITIVE_INFINITY]);
  expect(apart(lgamma(1 + 2 ** -30), -0.5772156649015329 * 2 ** -30)).toBeLessThan(1e-8);
  expect(lgamma(-0.5)).toBeCloseTo(Math.log(2 * Math.sqrt(Math.PI)), 14);
  expect(stirlingError(9.999999)).toBeCloseTo(stirlingError(10.000001), 8);
});

test("Kolmogorov's two series meet", () => {
  expect(kolmogorovSurvival(1)).toBeCloseTo(kolmogorovSurvival(1 + 1e-13), 12);
  expect([kolmogorovSurvival(0), kolmogorovSurvival(-1)]).toEqual([1, 1]);
});

test("the ends of the scale are exact, and what is undefined is NaN", () => {
  expect([normalQuantile(0), normalQuantile(0.5), normalQuantile(1)]).toEqual([
    Number.NEGATIVE_INFINITY,
    0,
    Number.POSITIVE_INFINITY,
  ]);
  expect([betaQuantile(0, 2, 3), betaQuantile(1, 2, 3), chi2Quantile(0, 3)]).toEqual([0, 1, 0]);
  const undefinedOnes = [
    normalQuantile(Number.NaN),
    normalQuantile(1.5),
    tQuantile(0.9, Number.NaN),
    betaQuantile(0.5, Number.NaN, 1),
    normalCdf(Number.NaN),
    binomialCdf(1, 5, Number.NaN),
  ];
  expect(undefinedOnes).toEqual(undefinedOnes.map(() => Number.NaN));
});

test("where rounding puts a point beyond the mean from both sides, the incomplete beta function still has a value", () => {
  for (const [a, b, x, want] of [
    [1.4814236470015119, 14.882154966940202, 0.13512745522910244, 0.7822267177907104],
    [0.13574337356967195, 40.58394941800786, 0.02658594431174902, 0.9702778684140747],
    [6.974779987617441, 0.0008274628347102726, 0.8884947377256017, 0.00027318049582017114],
  ] as const)
    expect(betaTails(a, b, x).lower).toBeCloseTo(want, 13);
  expect(tCdf(Math.sqrt(163 * 0.018181818181818188), 163)).toBeCloseTo(0.9564732926183241, 13);
});
