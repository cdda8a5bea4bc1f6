import { expect, test } from "vitest";
import { sha256 } from "../../src/domain/digest.ts";
import { emptyOutcome, type Outcome } from "../../src/domain/outcome.ts";
import { problemCodes } from "../../src/domain/problem.ts";
import { explanations } from "../../src/reports/errors.ts";
import { escapeMarkdown } from "../../src/reports/markdown.ts";
import { formatBytes, formatNumber } from "../../src/reports/numbers.ts";
import { page } from "../../src/reports/page.ts";
import { failureSummary, summary } from "../../src/reports/summary.ts";
import { terminalReport } from "../../src/reports/terminal.ts";
import { releaseOf } from "../fakes/release.ts";
import { anyOfWith, checkWith, verdictFor } from "../fakes/verdict.ts";

const hostile = "<img src=x onerror=alert(1)> | **bold** [link](http://evil) \u001B[31m `code`\n# title";

const outcomeWith = (fields: Partial<Outcome> = {}): Outcome => {
  const release = releaseOf("a");
  return {
    ...emptyOutcome,
    command: "run",
    verdict: "fail",
    headline: "digits fails accuracy >= 0.9",
    image: release.image,
    model: release.model,
    judgement: verdictFor(release, {}, "fail"),
    flips: { count: 21, rows: [{ id: "7", label: "4", candidate: hostile, champion: "4" }] },
    smoke: { passed: true, steps: [{ id: "S1 reachable", level: "required", ok: true, detail: hostile, took: 12 }] },
    evidence: [{ kind: "verdict", digest: sha256("v") }],
    ...fields,
  };
};

test("the summary says the verdict first, then the gates", () => {
  const text = summary(outcomeWith());
  expect(text).toMatch(/^## FAIL: /);
  expect(text.indexOf("### Gates")).toBeGreaterThan(0);
  expect(text.indexOf("### Gates")).toBeLessThan(text.indexOf("### Smoke test"));
});

test("a metric with many definitions is shown with its signature, once", () => {
  const checks = ["chrf >= 50", "chrf >= champion - 1 @95%", "accuracy >= 0.9"].map((text) => ({
    ...checkWith("pass"),
    text,
  }));
  const text = terminalReport(outcomeWith({ judgement: verdictFor(releaseOf("a"), { checks }) }));
  expect(text.match(/chrf: nrefs:var\|case:mixed\|eff:yes\|nc:6\|nw:0\|space:no\|version:2\.6\.0/g)).toHaveLength(1);
  expect(text).not.toContain("accuracy: ");
});

test("nothing from outside is Markdown or HTML in the summary", () => {
  const text = summary(outcomeWith());
  expect(text).not.toContain("<img");
  expect(text).not.toContain("**bold**");
  expect(text).not.toContain("[link]");
  expect(text.split("\n").filter((line) => line.startsWith("# "))).toEqual([]);
  expect(escapeMarkdown("a|b`c")).toBe("a&#124;b&#96;c");
});

test("nothing from outside is HTML on the page, and the page loads nothing", () => {
  const html = page(outcomeWith());
  expect(html).not.toContain("<img");
  expect(html).toContain("&#60;img");
  expect(html).toContain("default-src 'none'");
  expect(html).not.toMatch(/<(script|link|img|a|iframe|object)\b/);
});

test("nothing from outside steers the terminal", () => {
  expect(terminalReport(outcomeWith())).not.toContain("\u001B");
});

test("a summary never grows beyond what GitHub shows, and says that it is cut", () => {
  const rows = Array.from({ length: 60_000 }, (_, index) => ({
    id: `row ${index}`,
    label: "1",
    candidate: "2",
    champion: "1",
  }));
  const text = summary(outcomeWith({ flips: { count: rows.length, rows } }));
  expect(Buffer.byteLength(text)).toBeLessThan(2 ** 20);
  expect(text).toMatch(/left out/);
});

test("how many rows flipped is said when not all are listed", () => {
  expect(terminalReport(outcomeWith())).toContain("21 rows in all");
});

test("a check that did not pass has its sentence below the table", () => {
  expect(terminalReport(outcomeWith())).toContain(checkWith("fail").sentence);
});

test("alternatives are shown below the gate they belong to, and an advisory gate says so", () => {
  const checks = [
    anyOfWith("inconclusive", "fail", "inconclusive"),
    { ...checkWith("pass"), severity: "advisory" as const },
  ];
  const judgement = verdictFor(releaseOf("a"), { checks });
  const lines = terminalReport(outcomeWith({ judgement }))
    .split("\n")
    .map((line) => line.trim());
  const at = lines.findIndex((line) => line.startsWith("inconclusive  any_of: ["));
  expect(lines[at + 1]).toMatch(/^fail\s+· accuracy >= 0\.8\s+0\.9000\s+100$/);
  expect(lines[at + 2]).toMatch(/^inconclusive\s+· accuracy >= 0\.8/);
  expect(lines[at + 3]).toMatch(/^pass\s+accuracy >= 0\.8 \(advisory\)/);
  expect(lines).toContain("any_of: [accuracy >= 0.8, accuracy >= 0.8]: 2 alternatives: inconclusive");
});

test("tests of superiority stand in a table of their own, and say that they decide nothing", () => {
  const tests = [
    { name: "McNemar mid-p", p: 0.00002 },
    { name: "McNemar exact", p: 0.03125 },
  ];
  const judgement = verdictFor(releaseOf("a"), { checks: [{ ...checkWith("pass"), tests }] });
  const text = terminalReport(outcomeWith({ judgement }));
  expect(text).toMatch(
    /Is it better than the reference\?\n {2}gate .*\n.*McNemar mid-p {2}< 0\.0001\n.*McNemar exact {2}0\.0313\n.*decides nothing/,
  );
  expect(terminalReport(outcomeWith())).not.toContain("Is it better");
});

test("small slices are shown together, and many slices with those that are short at a bounded rate of false findings", () => {
  const { text: _, severity: __, onInconclusive: ___, members: ____, slices: _____, ...found } = checkWith("pass");
  const slice = (name: string, discovered: number) => ({ ...found, name, adjusted: 0.5, discovered, failed: false });
  const slices = {
    judged: [slice("de", 0.04), slice("fr", 0.2)],
    small: [
      { name: "is", n: 7 },
      { name: "li", n: 2 },
    ],
    pooled: { n: 9, value: 0.5, ref: null },
  };
  const judgement = verdictFor(releaseOf("a"), { checks: [{ ...checkWith("pass"), confidence: 0.95, slices }] });
  const text = terminalReport(outcomeWith({ judgement }));
  expect(text).toMatch(/not judged {2}these together {2}0\.5000 .*9/);
  expect(text).toContain(
    "at most 5 % false findings among those named (Benjamini and Hochberg): de. It decides nothing.",
  );
});

test("a failure's summary names code, place and what to do", () => {
  const text = failureSummary(
    [
      {
        code: "config.missing",
        message: "model is missing",
        hint: "Add it.",
        at: { file: "m.yml", line: 3, column: 1 },
      },
    ],
    [],
  );
  expect(text).toMatch(/^## ERROR/);
  for (const part of ["config.missing", "m.yml:3:1", "model is missing", "Add it."]) expect(text).toContain(part);
});

test("each problem code is explained", () => {
  expect(Object.keys(explanations).toSorted()).toEqual([...problemCodes].toSorted());
});

test.each([
  [0, "0 B"],
  [999, "999 B"],
  [1000, "1.0 kB"],
  [2_500_000, "2.5 MB"],
])("%d bytes are %s", (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text);
});

test("numbers carry their unit", () => {
  expect([
    formatNumber(0.94625, "ratio"),
    formatNumber(3.14159, "ms"),
    formatNumber(null, "ms"),
    formatNumber(50, "per second"),
    formatNumber(480_000_000, "bytes"),
  ]).toEqual(["0.9463", "3.1416 ms", "", "50 /s", "480.0 MB"]);
});
