import { describe, expect, test } from "vitest";
import { bleuCounts, bleuOf, tokens13a } from "../../../../src/domain/metrics/text/bleu.ts";

const sentence = (text: string, ...references: string[]): number => bleuOf(bleuCounts(text, references), true).score;

describe("tokenizer 13a", () => {
  test.each([
    ["splits off punctuation", "Hi (there)! a/b @x", "Hi ( there ) ! a / b @ x"],
    ["keeps an apostrophe", "it's", "it's"],
    ["keeps points and commas inside numbers only", "1,000.5 a.b 5. .5 x,y", "1,000.5 a . b 5 . . 5 x , y"],
    ["splits a dash after a digit only", "3-4 x-ray -5", "3 - 4 x-ray -5"],
    ["joins a word that goes on in the next line", "exam-\nple", "example"],
    ["but no dash at the end of the text", "exam-\n", "exam-"],
    ["puts lines in one", "a\nb", "a b"],
    ["drops the mark of a skipped segment", "a<skipped>b", "ab"],
    ["reads entities one after the other", "&amp;lt; &quot;a&quot;", '< " a "'],
    ["leaves punctuation of other scripts", "a—b 。", "a—b 。"],
    ["splits at Python's white space", "a\x85b\u3000c\ufeffd", "a b c\ufeffd"],
  ])("%s", (_, text, expected) => {
    expect(tokens13a(text).join(" ")).toBe(expected);
  });
});

test("counts are length, reference length, matches and n-grams of each order", () => {
  expect([...bleuCounts("a b c a", ["a b c d e"])]).toEqual([4, 5, 3, 2, 1, 0, 4, 3, 2, 1]);
});

test("of several references each n-gram counts as often as where it is most often", () => {
  expect(bleuCounts("a a a", ["a x", "a a x"])[2]).toBe(2);
});

test("the reference nearest in length is held against the text, of two the shorter", () => {
  const lengthOf = (text: string, ...references: string[]) => bleuCounts(text, references)[1];
  expect(lengthOf("a b c", "a b c d", "a b")).toBe(2);
  expect(lengthOf("a b c", "a b", "a b c d")).toBe(2);
  expect(lengthOf("a b c", "a b c d", "a")).toBe(4);
});

test("an order without a match counts half of the one before that had none", () => {
  expect(bleuOf(bleuCounts("a x b y", ["a b c d"])).precisions).toEqual([50, 100 / 6, 12.5, 12.5]);
});

test("a text that is too short is punished, one that is too long is not", () => {
  expect(bleuOf(bleuCounts("a b c d", ["a b c d e f"])).brevityPenalty).toBe(Math.exp(1 - 6 / 4));
  expect(bleuOf(bleuCounts("a b c d e f", ["a b"])).brevityPenalty).toBe(1);
  expect(bleuOf(bleuCounts("", ["a"])).brevityPenalty).toBe(0);
  expect(bleuOf(bleuCounts("", [""])).brevityPenalty).toBe(1);
});

test("a single sentence leaves out the orders it is too short for, a corpus does not", () => {
  expect(sentence("a b", "a b")).toBeCloseTo(100, 10);
  expect(bleuOf(bleuCounts("a b", ["a b"])).score).toBe(0);
});

test("nothing in common is 0", () => {
  expect(sentence("a b c d", "w x y z")).toBe(0);
  expect(sentence("", "")).toBe(0);
});
