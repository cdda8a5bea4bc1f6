import { expect, test } from "vitest";
import { chrfCounts, chrfOf, chrfWidth, type WordOrder } from "../../../../src/domain/metrics/text/chrf.ts";

const score = (text: string, references: readonly string[], order: WordOrder = 0): number =>
  chrfOf(chrfCounts(text, references, order));

test("counts are n-grams of the text, of the reference, and in both, for each order", () => {
  expect([...chrfCounts("abc", ["bcd"], 0)]).toEqual([
    3,
    3,
    2,
    2,
    2,
    1,
    1,
    1,
    ...Array.from<number>({ length: 10 }).fill(0),
  ]);
  expect(chrfCounts("a", ["b"], 2)).toHaveLength(chrfWidth(2));
});

test("white space is no character", () => {
  expect(score("a b\tc", ["abc"])).toBe(100);
  expect(score("a b\tc", ["abc"], 2)).toBeLessThan(100);
});

test("orders that one of the two has not are left out of the mean", () => {
  // Precision 1, recall 1/2: F with beta 2 is 5 * 0.5 / (4 + 0.5).
  expect(score("a", ["ab"])).toBeCloseTo((100 * 2.5) / 4.5, 12);
  expect(chrfCounts("abc", ["a"], 0)[3]).toBe(0);
});

test("recall counts more than precision", () => {
  expect(score("abcdefgh", ["abcd"])).toBeGreaterThan(score("abcd", ["abcdefgh"]));
});

test("a character is a code point, a pair of them no word of one", () => {
  expect([...chrfCounts("😀😁", ["😀"], 0)].slice(0, 3)).toEqual([2, 1, 1]);
  expect(chrfCounts("😀.", ["😀 ."], 2).slice(-6, -3)).toEqual(Float64Array.of(2, 2, 2));
});

test("one sign of punctuation is split off a word: the last, or else the first", () => {
  const wordCount = (text: string) => chrfCounts(text, [text], 2).at(-6);
  expect(["(the)", "(the", "the!!", ".", "it's"].map(wordCount)).toEqual([2, 2, 2, 1, 1]);
  expect(score("the) (the", ["the ) ( the"], 2)).toBe(100);
  expect(score("(the)", ["( the )"], 2)).toBeLessThan(100);
  expect(score("the。", ["the 。"], 2)).toBeLessThan(100);
});

test("the reference that fits best counts, of equals the first", () => {
  expect(score("abcd", ["xyz", "abcd"])).toBe(100);
  expect([...chrfCounts("a", ["bb", "ccc"], 0)].slice(0, 3)).toEqual([1, 2, 0]);
});

test("of references that fit equally well but for rounding, sacrebleu's choice counts", () => {
  // F is 5/24 for both; in floating point the second is greater, by the last bit.
  expect([...chrfCounts("aaab", ["ccab", "cb"], 0)].slice(0, 6)).toEqual([4, 2, 1, 3, 1, 0]);
});

test("nothing in common, and nothing at all, is 0", () => {
  expect([score("ab", ["xy"]), score("", [""]), score("", ["a"]), score("a", [""])]).toEqual([0, 0, 0, 0]);
});
