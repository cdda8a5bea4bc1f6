import { describe, expect, test } from "vitest";
import { aucBounds, meanBounds, pairedAucBounds, pairedRateBounds } from "../../../src/domain/gate/bounds.ts";

const half = Uint8Array.from({ length: 80 }, (_, row) => (row < 40 ? 1 : 0));
const asked = { confidence: 0.95, bound: 0.9, low: true };

test("a perfect ranking is bounded by its disjoint pairs, not by a variance of zero", () => {
  const perfect = Float64Array.from(half);
  expect(aucBounds(half, perfect, asked)).toMatchObject({ method: "clopper-pearson-pairs", upper: 1 });
  expect(aucBounds(half, perfect, asked).lower).toBeCloseTo(0.05 ** (1 / 40), 10);
});

test("fewer than 20 of either side give no bound", () => {
  const few = Uint8Array.from({ length: 80 }, (_, row) => (row < 19 ? 1 : 0));
  expect(aucBounds(few, Float64Array.from(few), asked)).toMatchObject({ undefined: "min_per_class", lower: null });
});

test("equal rankings differ by exactly nothing", () => {
  const scores = Float64Array.from({ length: 80 }, (_, row) => (row * 37) % 80);
  expect(
    pairedAucBounds(half, { candidate: scores, champion: scores, mul: 1 }, { ...asked, bound: -0.01 }),
  ).toMatchObject({ lower: 0, upper: 0, tail: 1 });
});

test("a factor of the champion's area widens with its own variance", () => {
  const candidate = Float64Array.from({ length: 80 }, (_, row) => ((row * 37) % 80) - row);
  const champion = Float64Array.from({ length: 80 }, (_, row) => ((row * 11) % 80) - row);
  const width = (mul: number) => {
    const { lower, upper } = pairedAucBounds(half, { candidate, champion, mul }, asked);
    return upper! - lower!;
  };
  expect(width(0)).toBeLessThan(width(2));
  expect(width(1)).toBeCloseTo(width(1 + 1e-9), 6);
});

describe("the tail is the chance of as bad an estimate on the bound", () => {
  test.each([true, false])("low is bad: %s", (low) => {
    const scores = Float64Array.from({ length: 50 }, (_, row) => row % 5);
    const { lower, upper, tail } = meanBounds(scores, { confidence: 0.95, bound: 2, low });
    expect(tail).toBeCloseTo(0.5);
    const edge = meanBounds(scores, { confidence: 0.95, bound: low ? upper! : lower!, low });
    expect(edge.tail).toBeCloseTo(0.05);
  });

  test("no discordant row on a bound of zero is the middle", () => {
    expect(pairedRateBounds([0, 0], 50, { confidence: 0.95, bound: 0, low: true }).tail).toBeCloseTo(0.5);
  });
});
