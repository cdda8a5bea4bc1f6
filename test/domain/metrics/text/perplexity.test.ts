import { expect, test } from "vitest";
import { bitsPerToken, perplexityOf } from "../../../../src/domain/metrics/text/perplexity.ts";

test("tokens that are each one of two equally likely carry a bit", () => {
  const sum = 5 * Math.log(0.5);
  expect(perplexityOf(sum, 5)).toBeCloseTo(2, 12);
  expect(bitsPerToken(sum, 5)).toBeCloseTo(1, 12);
  expect(perplexityOf(0, 3)).toBe(1);
});
