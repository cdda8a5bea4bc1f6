import { expect, test } from "vitest";
import { pairedT, signedRank, signFlip } from "../../../src/domain/statistics/paired-mean.ts";

const gains = Float64Array.from({ length: 40 }, (_, i) => 0.2 + Math.sin(i));
const asked = { draws: 999, seed: "a" };

test("a clear gain is found by all three tests, its mirror image is not a gain", () => {
  const clear = gains.map((gain) => gain + 2);
  expect(pairedT(clear, 0.95).p).toBeLessThan(1e-9);
  expect(signFlip(clear, asked)).toBe(0.001);
  expect(signedRank(clear)).toBeLessThan(1e-6);
  expect(
    signFlip(
      clear.map((gain) => -gain),
      asked,
    ),
  ).toBe(1);
});

test("the interval leaves out 0 just when p is below its level", () => {
  for (const shift of [-0.4, -0.2, -0.1, 0, 0.1, 0.2]) {
    const { p, interval } = pairedT(
      gains.map((gain) => gain + shift),
      0.95,
    );
    expect(p < 0.05).toBe(interval[0] > 0 || interval[1] < 0);
  }
});

test("a seed gives one answer", () => {
  expect(signFlip(gains, asked)).toBe(signFlip(gains, asked));
  expect(signFlip(gains, { draws: 999, seed: "b" })).not.toBe(signFlip(gains, asked));
});

test("no difference at all is undefined for t and certain for the permutation", () => {
  const none = new Float64Array(5);
  expect(pairedT(none, 0.95).p).toBeNaN();
  expect(signedRank(none)).toBeNaN();
  expect(signFlip(none, asked)).toBe(1);
});

test("signed ranks leave out zeros and share ranks among ties", () => {
  // 1, 1, -1, 2 have ranks 2, 2, 2, 4: 8 of 10 for the positive, variance 7.5 - 24/48.
  expect(signedRank(Float64Array.of(0, 1, 2, -1, 1, 0))).toBeCloseTo(0.25684, 4);
});
