import * as fc from "fast-check";
import { expect, test } from "vitest";
import { longestCommon, rouge } from "../../../../src/domain/metrics/text/rouge.ts";

test("words, pairs and the longest common subsequence are told apart", () => {
  const f1 = (variant: "rouge1" | "rouge2" | "rougeL") => rouge(variant, "c a b", "a b c").f1;
  expect([f1("rouge1"), f1("rouge2"), f1("rougeL")]).toEqual([1, 0.5, 2 / 3]);
});

test("precision is of the text, recall of the reference", () => {
  expect(rouge("rouge1", "a b c d", "a b")).toEqual({ precision: 0.5, recall: 1, f1: 2 / 3 });
});

test("tokens are runs of letters a to z and digits in lower case", () => {
  expect(rouge("rouge1", "Don't STOP_3.14", "don t stop 3 14").f1).toBe(1);
  expect(rouge("rouge1", "Émile Zola", "mile zola").f1).toBe(1);
  // The Kelvin sign is k in lower case, İ is i and a dot.
  expect(rouge("rouge2", "\u212a İx", "k i x").f1).toBe(1);
});

test("text of another script has no tokens and scores 0", () => {
  expect(rouge("rougeL", "日本 語", "日本 語")).toEqual({ precision: 0, recall: 0, f1: 0 });
});

test("a subsequence is found whatever lies between", () => {
  const sequence = fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 9 });
  const longest = ([a, ...one]: number[], [b, ...other]: number[]): number => {
    if (a === undefined || b === undefined) return 0;
    if (a === b) return 1 + longest(one, other);
    return Math.max(longest([a, ...one], other), longest(one, [b, ...other]));
  };
  fc.assert(
    fc.property(sequence, sequence, (one, other) => {
      expect(longestCommon(Uint32Array.from(one), Uint32Array.from(other))).toBe(longest(one, other));
    }),
  );
});
