import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Section } from "../../src/domain/section.ts";
import { boundedMarkdown, bytes, escapeMarkdown, fairShare, units } from "../../src/reports/markdown.ts";

/** What a reader sees: entities resolved, comments gone. */
const seen = (markdown: string): string =>
  markdown
    .replaceAll("<!-- -->", "")
    .replaceAll(/&#(\d+);/g, (_, code: string) => String.fromCodePoint(Number(code)))
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&amp;", "&");

/** Text as GitHub looks for mentions in it: entities resolved, and apart where an element stands. */
const nodes = (markdown: string): string[] => markdown.split("<!-- -->").map(seen);

test.each([
  "<img src=x onerror=alert(1)>",
  "accuracy <= 0.5 | >= 0.1",
  "**bold** _italic_ ~~gone~~ `code` ```\nfence",
  "[link](http://evil.example) ![picture](http://evil.example/x.png)",
  "# title",
  "- item + item",
  "1. first",
  "$x^2$",
  "&lt;script&gt; &amp; &#60;",
  "a\\|b",
  "<!-- modelgate:model/digits -->",
  "www.evil.example and https://evil.example",
])("%s is shown as it is and does nothing", (text) => {
  const markdown = escapeMarkdown(text);
  expect(seen(markdown)).toBe(text.replaceAll("\n", " "));
  expect(markdown.replaceAll("<!-- -->", "")).not.toMatch(/[<>|`*_[\]\\$]|:\/\/|www\.|^#|^\d+\./);
});

describe("nobody is notified and nothing is linked", () => {
  test.each(["@ada", "(@acme/team)", "see @ada.", "a@example.com", "acme/digits@0123456"])(
    "%s mentions nobody",
    (text) => {
      expect(nodes(escapeMarkdown(text)).filter((node) => /@[a-z0-9]/i.test(node))).toEqual([]);
    },
  );

  test.each(["#123", "acme/digits#123", "GH-123", "gh-7"])("%s mentions no issue", (text) => {
    expect(nodes(escapeMarkdown(text)).filter((node) => /#\d|gh-\d/i.test(node))).toEqual([]);
  });

  test("an image is copied as it is", () => {
    const image = `ghcr.io/acme/digits@sha256:${"a".repeat(64)}`;
    expect(escapeMarkdown(image)).toBe(image.replace("@", "&#64;"));
  });
});

test("characters that turn a line around, and halves of characters, are replaced", () => {
  expect(escapeMarkdown("a\u202Eb\u0000c\uD83D")).toBe("a b c\uFFFD");
});

test("whatever the text, what is shown is the text and no element is in it", () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(..."<>&|`*_[]()#@:/\\.1a w$!-~\n".split("")) }), (text) => {
      const markdown = escapeMarkdown(text);
      expect(seen(markdown).trimStart()).toBe(text.replaceAll(/\n+/g, " ").trimStart());
      expect(markdown.replaceAll("<!-- -->", "")).not.toMatch(/[<>|`\n]/);
    }),
  );
});

const rows = (count: number, cell = "cell"): Section => ({
  title: `Table of ${count}`,
  columns: ["row", "value"],
  rows: Array.from({ length: count }, (_, index) => [String(index), cell]),
  notes: ["a note"],
});
const options = { measure: units, rest: "The file has more." };

test("sections that fit are whole", () => {
  const text = boundedMarkdown([rows(3), rows(2)], 10_000, options);
  expect(text).toContain("| 2 | cell |");
  expect(text).not.toContain("left out");
});

test("a section that is too long says how much is missing, and the others are whole", () => {
  const text = boundedMarkdown([rows(1000), rows(2), { ...rows(0), title: "Last" }], 5000, options);
  expect(text.length).toBeLessThanOrEqual(5000);
  expect(text).toContain("Table of 2");
  expect(text).toContain("### Last");
  const kept = text.match(/\| cell \|/g)!.length - 2;
  expect(kept).toBeGreaterThan(100);
  expect(text).toContain(`- a note\n- ${1000 - kept} rows left out here`);
  expect(text).toContain("The file has more.");
});

test("a cell of a megabyte is cut, and does not push out what stands behind it", () => {
  const text = boundedMarkdown([rows(2, "<".repeat(2 ** 20)), { ...rows(1), title: "Last" }], 60_000, options);
  expect(text.length).toBeLessThanOrEqual(60_000);
  expect(text).toContain("### Last");
});

test("no list of sections is longer than its budget, in characters or in bytes", () => {
  const section = fc.record({
    title: fc.string({ maxLength: 30 }),
    columns: fc.constant(["a", "b"]),
    rows: fc.array(fc.tuple(fc.string({ unit: "grapheme", maxLength: 300 }), fc.string({ maxLength: 300 })), {
      maxLength: 60,
    }),
    notes: fc.array(fc.string({ unit: "grapheme", maxLength: 300 }), { maxLength: 20 }),
  });
  fc.assert(
    fc.property(
      fc.array(section, { maxLength: 40 }),
      fc.constantFrom(units, bytes),
      fc.integer({ min: 300, max: 9000 }),
      (sections, measure, budget) => {
        expect(measure(boundedMarkdown(sections, budget, { ...options, measure }))).toBeLessThanOrEqual(budget);
      },
    ),
  );
});

test("small parts are whole, and large ones share what is left alike", () => {
  expect(fairShare([10, 20, 30], 60)).toBe(Number.POSITIVE_INFINITY);
  expect(fairShare([10, 500, 500], 110)).toBe(50);
  expect(fairShare([500, 10], 110)).toBe(100);
  expect(fairShare([], 10)).toBe(Number.POSITIVE_INFINITY);
});
