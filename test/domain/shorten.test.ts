import fc from "fast-check";
import { expect, test } from "vitest";
import { cut, shorten } from "../../src/domain/shorten.ts";

const anyText = fc.oneof(fc.string({ unit: "grapheme" }), fc.string({ unit: "binary" }));

test("what fits stays as it is", () => {
  expect(cut("as it is\n", 9)).toBe("as it is\n");
  expect(shorten("as it is", 8)).toBe("as it is");
});

test("what does not fit ends with …, and counts it", () => {
  expect(cut("0123456789", 5)).toBe("0123…");
});

test("a character of two units is not cut in two", () => {
  expect(cut(`abc\u{1F600}def`, 5)).toBe("abc…");
  expect(cut(`abc\u{1F600}def`, 6)).toBe("abc\u{1F600}…");
});

test("lines become one, and controls become spaces", () => {
  expect(shorten("  a\r\n\tb\u001Bc  ", 20)).toBe("a b c");
});

test("no text is longer than asked, and none has half a character", () => {
  fc.assert(
    fc.property(anyText, fc.integer({ min: 1, max: 40 }), (text, most) => {
      const short = shorten(text, most);
      expect(short.length).toBeLessThanOrEqual(most);
      expect(short.isWellFormed()).toBe(true);
      expect(short).not.toMatch(/[\r\n]/);
    }),
  );
});
