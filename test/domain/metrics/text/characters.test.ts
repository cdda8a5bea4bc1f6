import * as fc from "fast-check";
import { expect, test } from "vitest";
import {
  codePoints,
  shareOutsideAscii,
  shareWithoutWords,
  withoutLastSpace,
  withoutSpace,
  words,
} from "../../../../src/domain/metrics/text/characters.ts";

test("white space is what Python splits at, not what JavaScript calls space", () => {
  expect(words(" a\x1cb\x1fc\x85d\xa0e\u2003f\u3000g\r\nh\t")).toEqual("abcdefgh".split(""));
  expect(words("a\ufeffb\u200bc")).toEqual(["a\ufeffb\u200bc"]);
  expect(words(" \n ")).toEqual([]);
  expect(withoutSpace("a \x85b\n")).toBe("ab");
  expect(withoutLastSpace(" a  b \x1c\n")).toBe(" a  b");
});

test("a character is a code point", () => {
  expect([...codePoints("a😀")]).toEqual([0x61, 0x1f600]);
  expect(shareOutsideAscii(["a😀"])).toBe(0.5);
});

test("the share of a character is over all texts together", () => {
  expect(shareOutsideAscii(["é", "abc"])).toBe(0.25);
  expect(shareOutsideAscii(["", "\x7f~ \n"])).toBe(0);
  expect(shareOutsideAscii([])).toBe(0);
  expect(shareWithoutWords(["中文", "かなカナ", "abcdef"])).toBe(0.5);
  expect(shareWithoutWords(["สวัสดี"])).toBe(1);
  expect(shareWithoutWords(["한국어 Привет مرحبا naïve"])).toBe(0);
});

test("a long run of spaces inside a text takes no time of its own", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 200_000 }), (spaces) => {
      const text = `${" ".repeat(spaces)}a`;
      expect(withoutLastSpace(text)).toBe(text);
    }),
    { numRuns: 5 },
  );
});
