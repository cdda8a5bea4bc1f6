import { expect, test } from "vitest";
import { patternMatches } from "../../../src/adapters/system/patterns.ts";

test("a pattern is found or not, text by text, beyond one batch", () => {
  const texts = Array.from({ length: 2500 }, (_, index) => (index % 3 === 0 ? `on 2026-11-${index}` : "no date"));
  expect(patternMatches("\\d{4}-\\d\\d", texts)).toEqual(texts.map((_, index) => index % 3 === 0));
  expect(patternMatches("^\\p{L}+$", ["grüße", "a b", ""])).toEqual([true, false, false]);
});

test("a pattern that would never end is ended", () => {
  expect(patternMatches("^(a+)+$", [`${"a".repeat(60)}b`], 50)).toBeNull();
});
