import { expect, test } from "vitest";
import { isExactMatch, normalisedWords, tokenF1 } from "../../../../src/domain/metrics/text/squad.ts";

test.each([
  ["case and punctuation do not count", "U.S. co-operate!", "us cooperate"],
  ["articles do not count", "The cat, an apple and a day", "cat apple and day"],
  ["an article is left where a word goes on", "theory banana _a 1the", "theory banana 1the"],
  ["a letter of any script goes on with a word, a combining mark ends it", "日the thé the\u0301", "日the thé \u0301"],
  ["only ASCII punctuation is taken out", "“quoted” – yes…", "“quoted” – yes…"],
  ["white space is what Python splits at", "x\x85y\u3000z\ufeff", "x y z\ufeff"],
])("%s", (_, text, expected) => {
  expect(normalisedWords(text).join(" ")).toBe(expected);
});

test("texts match that have the same words in the same order", () => {
  expect(isExactMatch("The  Eiffel Tower!", "eiffel tower")).toBe(true);
  expect(isExactMatch("tower eiffel", "eiffel tower")).toBe(false);
  expect(isExactMatch("the", "a")).toBe(true);
});

test("F1 counts each word as often as both have it", () => {
  expect(tokenF1("New York City", "york city")).toBeCloseTo(0.8, 12);
  expect(tokenF1("x x x", "x")).toBeCloseTo(0.5, 12);
  expect(tokenF1("x", "y")).toBe(0);
});

test("two texts without words agree, one without does not", () => {
  expect([tokenF1("the", "!"), tokenF1("", "x"), tokenF1("x", "")]).toEqual([1, 0, 0]);
});
