import * as fc from "fast-check";
import { expect, test } from "vitest";
import { newcombe, newcombeLower, newcombeUpper, type Share } from "../../../src/domain/statistics/newcombe.ts";

// The published examples of method 10.
test.each<[string, Share, Share, number, number]>([
  ["56/70 and 48/80", { k: 56, n: 70 }, { k: 48, n: 80 }, 0.0524, 0.3339],
  ["9/10 and 3/10", { k: 9, n: 10 }, { k: 3, n: 10 }, 0.1705, 0.809],
  ["5/56 and 0/29", { k: 5, n: 56 }, { k: 0, n: 29 }, -0.0381, 0.1926],
  ["0/10 and 0/10", { k: 0, n: 10 }, { k: 0, n: 10 }, -0.2775, 0.2775],
  ["10/10 and 0/10", { k: 10, n: 10 }, { k: 0, n: 10 }, 0.6075, 1],
])("the interval of the difference of %s is the published one", (_, a, b, lower, upper) => {
  const [low, high] = newcombe(a, b, 0.95);
  expect(low).toBeCloseTo(lower, 4);
  expect(high).toBeCloseTo(upper, 4);
});

const share = fc
  .integer({ min: 1, max: 200 })
  .chain((n) => fc.record({ k: fc.integer({ min: 0, max: n }), n: fc.constant(n) }));

test("the bounds hold the difference, stay within -1 and 1, and turn with the shares", () => {
  fc.assert(
    fc.property(share, share, (a, b) => {
      const [low, high] = [newcombeLower(a, b, 0.95), newcombeUpper(a, b, 0.95)];
      expect(low).toBeLessThanOrEqual(a.k / a.n - b.k / b.n);
      expect(high).toBeGreaterThanOrEqual(a.k / a.n - b.k / b.n);
      expect(low).toBeGreaterThanOrEqual(-1 - 1e-12);
      expect(high).toBeLessThanOrEqual(1 + 1e-12);
      expect(newcombeUpper(b, a, 0.95)).toBeCloseTo(-low, 12);
      expect(newcombe(a, b, 0.9)[0]).toBeCloseTo(low, 12);
    }),
  );
});
