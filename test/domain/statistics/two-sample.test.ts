import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  hodgesLehmann,
  kolmogorovSmirnov,
  mannWhitney,
  wasserstein,
  welch,
} from "../../../src/domain/statistics/two-sample.ts";

const values = (...numbers: number[]) => Float64Array.from(numbers);
const moved = (sample: Float64Array, by: number) => sample.map((value) => value + by);
/** Whole numbers, so that values repeat and every sum is exact. */
const sample = fc
  .array(fc.integer({ min: -6, max: 6 }), { minLength: 1, maxLength: 25 })
  .map((numbers) => Float64Array.from(numbers));
const samples = fc.tuple(sample, sample);

describe("Kolmogorov and Smirnov", () => {
  test("the exact p value is the share of all orders with a distance at least as large", () => {
    // Of the 10 orders of 2 and 3 values, 2 have a distance of 1 and 6 more one of 2/3 or more.
    expect(kolmogorovSmirnov(values(1, 2), values(3, 4, 5)).exactP()).toBeCloseTo(2 / 10, 15);
    expect(kolmogorovSmirnov(values(1, 3), values(2, 4, 5))).toMatchObject({ distance: 2 / 3 });
    expect(kolmogorovSmirnov(values(1, 3), values(2, 4, 5)).exactP()).toBeCloseTo(6 / 10, 15);
  });

  test("equal samples have no distance and a p value of 1", () => {
    const same = kolmogorovSmirnov(values(4, 4, 4), values(4));
    expect([same.distance, same.exactP(), same.limitP]).toEqual([0, 1, 1]);
  });

  test("a p value far out keeps its digits", () => {
    const n = 200;
    const low = Float64Array.from({ length: n }, (_, i) => i);
    // Two of the C(400, 200) orders keep the samples apart.
    const orders = [...low].reduce((product, i) => (product * (n + i + 1)) / (i + 1), 1);
    expect(kolmogorovSmirnov(low, moved(low, n)).exactP() / (2 / orders)).toBeCloseTo(1, 9);
  });

  test("neither the order of the samples nor their scale matters", () => {
    fc.assert(
      fc.property(samples, ([x, y]) => {
        const [there, back] = [kolmogorovSmirnov(x, y), kolmogorovSmirnov(y, x)];
        expect(back.distance).toBe(there.distance);
        expect(back.exactP()).toBeCloseTo(there.exactP(), 12);
        const scaled = kolmogorovSmirnov(
          x.map((value) => 1e9 + 3 * value),
          y.map((value) => 1e9 + 3 * value),
        );
        expect(scaled.distance).toBe(there.distance);
      }),
    );
  });
});

describe("Mann and Whitney", () => {
  test("U counts the pairs in which x is the larger, ties half", () => {
    fc.assert(
      fc.property(samples, ([x, y]) => {
        const pairs = [...x].flatMap((a) => [...y].map((b) => (a > b ? 1 : a === b ? 0.5 : 0)));
        const u = pairs.reduce<number>((sum, won) => sum + won, 0);
        expect(mannWhitney(x, y)).toMatchObject({ u, effect: u / pairs.length });
        expect(mannWhitney(y, x).p).toBeCloseTo(mannWhitney(x, y).p, 12);
      }),
    );
  });

  test("the exact p value counts all orders, and there is none with ties or for two large samples", () => {
    expect(mannWhitney(values(1, 2, 3), values(10, 11, 12)).exactP).toBeCloseTo(2 / 20, 15);
    expect(mannWhitney(values(1, 10), values(2, 3)).exactP).toBe(1);
    expect(mannWhitney(values(1, 2), values(2, 3)).exactP).toBeNull();
    const nine = Float64Array.from({ length: 9 }, (_, i) => i);
    expect(mannWhitney(nine, moved(nine, 0.5)).exactP).toBeNull();
    expect(mannWhitney(nine.subarray(1), moved(nine, 0.5)).exactP).not.toBeNull();
  });

  test("values that are all equal tell nothing", () => {
    expect(mannWhitney(values(3, 3, 3), values(3, 3))).toMatchObject({ u: 3, effect: 0.5, p: 1, exactP: null });
  });
});

describe("Wasserstein", () => {
  test("a shift costs its length, whatever the sizes", () => {
    fc.assert(
      fc.property(sample, fc.integer({ min: -9, max: 9 }), (x, by) => {
        expect(wasserstein(x, moved(x, by))).toBeCloseTo(Math.abs(by), 10);
        expect(wasserstein(Float64Array.from([...x, ...x]), x)).toBeCloseTo(0, 12);
      }),
    );
  });

  test("samples of unequal size are compared by their shares", () => {
    expect(wasserstein(values(0), values(0, 0, 0, 4))).toBe(1);
  });
});

describe("Hodges and Lehmann", () => {
  test("the shift is the median of all differences", () => {
    fc.assert(
      fc.property(samples, ([x, y]) => {
        const all = [...x].flatMap((a) => [...y].map((b) => a - b)).toSorted((a, b) => a - b);
        const [lower, upper] = [all[Math.floor((all.length - 1) / 2)]!, all[Math.floor(all.length / 2)]!];
        expect(hodgesLehmann(x, y)).toBeCloseTo((lower + upper) / 2, 12);
      }),
    );
  });

  test("numbers of any size have a shift", () => {
    expect(hodgesLehmann(values(1e308, 1e-300), values(-1e-300))).toBe(5e307);
    expect(hodgesLehmann(values(1e9 + 0.5), values(1e9))).toBe(0.5);
  });
});

describe("Welch", () => {
  test("an offset that both samples share changes nothing", () => {
    const [x, y] = [values(0.5, 1.25, 2, 4.75), values(0.25, 0.5, 3.5)];
    const [plain, far] = [welch(x, y), welch(moved(x, 2 ** 40), moved(y, 2 ** 40))];
    expect(far.t).toBeCloseTo(plain.t, 13);
    expect(far.p).toBeCloseTo(plain.p, 13);
  });

  test("samples without spread are surely different, or tell nothing", () => {
    expect(welch(values(2, 2), values(1, 1))).toEqual({ t: Number.POSITIVE_INFINITY, df: 1, p: 0 });
    expect(welch(values(0.1, 0.1, 0.1), values(0.1, 0.1)).p).toBeNaN();
    expect(welch(values(1), values(1, 2)).p).toBeNaN();
  });
});
