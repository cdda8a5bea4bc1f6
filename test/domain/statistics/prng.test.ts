import * as fc from "fast-check";
import { expect, test } from "vitest";
import { seededState, xoshiro } from "../../../src/domain/statistics/prng.ts";

test("the state is the start of the SHA-256 of the seed", () => {
  expect(seededState("abc")).toEqual([0xba7816bf, 0x8f01cfea, 0x414140de, 0x5dae2223]);
});

const first = (seed: string): number[] => {
  const { u32 } = xoshiro(seed);
  return [u32(), u32(), u32(), u32()];
};

test("a seed gives the same stream again, another seed another", () => {
  expect(first("a")).toEqual(first("a"));
  expect(first("a")).not.toEqual(first("b"));
});

test("whole numbers stay below n and reach every value", () => {
  fc.assert(
    fc.property(fc.string(), fc.integer({ min: 1, max: 2 ** 32 - 1 }), (seed, n) => {
      const { below } = xoshiro(seed);
      for (let i = 0; i < 20; i++) {
        const drawn = below(n);
        expect(Number.isInteger(drawn) && drawn >= 0 && drawn < n).toBe(true);
      }
    }),
  );
  const { below } = xoshiro("dice");
  const counts = new Int32Array(6);
  for (let i = 0; i < 6000; i++) counts[below(6)]!++;
  expect(Math.min(...counts)).toBeGreaterThan(880);
});

test("fractions lie in [0, 1) and waiting times have the asked mean", () => {
  const { f64, exp } = xoshiro("poisson");
  let sum = 0;
  for (let i = 0; i < 20_000; i++) {
    const fraction = f64();
    expect(fraction >= 0 && fraction < 1).toBe(true);
    sum += exp(25);
  }
  expect(sum / 20_000).toBeCloseTo(1 / 25, 3);
});

test("a shuffle keeps every element and works in place", () => {
  fc.assert(
    fc.property(fc.string(), fc.array(fc.integer()), (seed, values) => {
      const shuffled = [...values];
      expect(xoshiro(seed).shuffle(shuffled)).toBe(shuffled);
      expect(shuffled.toSorted((a, b) => a - b)).toEqual(values.toSorted((a, b) => a - b));
    }),
  );
});
