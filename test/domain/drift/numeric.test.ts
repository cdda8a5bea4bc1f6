import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  binCounts,
  type NumericDrift,
  numericDrift,
  psiCritical,
  quantileEdges,
} from "../../../src/domain/drift/numeric.ts";
import { xoshiro } from "../../../src/domain/statistics/prng.ts";

const values = (...numbers: number[]) => Float64Array.from(numbers);

/** Normal numbers. */
function normals(n: number, seed: string, shift = 0): Float64Array {
  const { f64 } = xoshiro(seed);
  return Float64Array.from(
    { length: n },
    () => shift + Math.sqrt(-2 * Math.log1p(-f64())) * Math.cos(2 * Math.PI * f64()),
  );
}

const drift = (reference: Float64Array, current: Float64Array) => numericDrift(reference, current) as NumericDrift;

describe("bins", () => {
  test("come from the quantiles of the reference, a value on an edge belonging below", () => {
    const edges = quantileEdges(
      Float64Array.from({ length: 11 }, (_, i) => i),
      5,
    );
    expect([...edges]).toEqual([2, 4, 6, 8]);
    expect([...binCounts(values(-1e9, 2, 2.5, 4, 8, 8.1, 1e9), edges)]).toEqual([2, 2, 0, 1, 2]);
  });

  test("of repeated values are fewer", () => {
    expect([...quantileEdges(values(3, 3, 3))]).toEqual([3]);
    expect([...quantileEdges(values(0, 0, 0, 0, 1, 1))]).toEqual([0, 0.5, 1]);
  });

  test("hold every value once", () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ noNaN: true }), { minLength: 1 }),
        fc.array(fc.double({ noNaN: true })),
        (r, c) => {
          const finite = Float64Array.from(r).filter(Number.isFinite);
          fc.pre(finite.length > 0);
          const counts = binCounts(Float64Array.from(c), quantileEdges(finite));
          expect(counts.reduce((sum, count) => sum + count, 0)).toBe(c.length);
        },
      ),
    );
  });
});

test("one huge value does not hide a shift, and is none itself", () => {
  const reference = normals(500, "reference");
  const shifted = normals(300, "current", 0.8);
  const [plain, outlier] = [drift(reference, shifted), drift(reference, values(...shifted, 1e9))];
  expect(outlier.psi).toBeCloseTo(plain.psi, 1);
  expect(outlier.psi).toBeGreaterThan(outlier.psiCritical);
  const alone = drift(reference, values(...normals(300, "same"), 1e9));
  expect(alone.psi).toBeLessThan(alone.psiCritical);
  expect(alone.wassersteinNormalised).toBeGreaterThan(1e6);
  expect(alone.wassersteinWinsorised).toBeLessThan(0.2);
});

test("windows without a change are above the critical value about as often as asked", () => {
  const reference = normals(2000, "large reference");
  let above = 0;
  for (let window = 0; window < 200; window++) {
    const { psi } = drift(reference, normals(400, `window ${window}`));
    if (psi > psiCritical(2000, 400, { bins: 10, alpha: 0.05 })) above++;
  }
  expect(above).toBeGreaterThan(0);
  expect(above).toBeLessThanOrEqual(22);
});

test("a constant reference has no spread to measure a distance in, whatever its value", () => {
  for (const value of [0, 0.1, 1e9 + 0.1]) {
    const found = drift(new Float64Array(7).fill(value), values(value, value + 1));
    expect(found.wassersteinNormalised).toEqual({ undefined: "zero_spread" });
    expect(found.wasserstein).toBeCloseTo(0.5, 6);
    expect([...found.referenceCounts, ...found.currentCounts]).toEqual([7, 0, 1, 1]);
  }
});

test("an offset changes no normalised distance", () => {
  const [reference, current] = [normals(200, "a").map(Math.fround), normals(100, "b", 0.4).map(Math.fround)];
  const offset = 2 ** 20;
  const far = drift(
    reference.map((value) => value + offset),
    current.map((value) => value + offset),
  );
  const near = drift(reference, current);
  expect(far.wassersteinNormalised).toBeCloseTo(near.wassersteinNormalised as number, 8);
  expect(far.ks).toEqual(near.ks);
});

test("no rows on a side are no drift of 0 but no drift at all", () => {
  expect(numericDrift(values(), values(1))).toEqual({ undefined: "no_rows" });
  expect(numericDrift(values(1), values())).toEqual({ undefined: "no_rows" });
});

test("a single value on each side is compared", () => {
  expect(numericDrift(values(1), values(2))).toMatchObject({
    totalVariation: 1,
    jensenShannon: 1,
    hellinger: 1,
    lInfinity: 1,
    wasserstein: 1,
    ks: { distance: 1 },
  });
});
