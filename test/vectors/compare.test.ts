import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { checkFolder, differences } from "./compare.ts";

const tol = { abs: 1e-6, rel: 1e-3 };

test.each([
  ["a number within the tolerance", 100.1, 100, true],
  ["a number beyond the tolerance", 100.2, 100, false],
  ["integers only exactly", 1_000_001, 1_000_000, false],
  ["NaN written as text", Number.NaN, "NaN", true],
  ["infinity written as text", Number.NEGATIVE_INFINITY, "-Infinity", true],
  ["infinity of the other sign", Number.POSITIVE_INFINITY, "-Infinity", false],
  ["NaN where a number is wanted", Number.NaN, 1, false],
  ["what does not apply", null, null, true],
  ["a number where none applies", 0, null, false],
  ["nothing where a number is wanted", undefined, 1, false],
  ["an undefined metric with its reason", { undefined: "one_class" }, { undefined: "one_class" }, true],
  ["an undefined metric with another reason", { undefined: "empty" }, { undefined: "one_class" }, false],
  ["a list that is too long", [1, 2, 3], [1, 2], false],
  ["a list where an object is wanted", [], {}, false],
  ["further keys", { a: 1, b: 2 }, { a: 1 }, true],
  ["text", "pass", "fail", false],
])("%s", (_, got, want, same) => {
  expect(differences(got, want, tol).length === 0).toBe(same);
});

test("a difference names the path, what was got and what was wanted", () => {
  expect(differences({ a: [1, { b: 2.5 }] }, { a: [1, { b: 3.5 }] }, tol)).toEqual([
    { path: ".a.1.b", got: 2.5, want: 3.5 },
  ]);
});

const known = ({ x }: { x: number }): number => {
  if (x === 2) throw new Error("no");
  return x;
};

test("a folder is checked file by file, and a runner that throws differs in its case only", () => {
  const folder = mkdtempSync(join(tmpdir(), "vectors-"));
  const cases = [1, 2].map((x) => ({ id: `case${x}`, input: { x }, expected: x }));
  for (const name of ["INDEX", "known", "unknown"])
    writeFileSync(join(folder, `${name}.json`), JSON.stringify({ tol, cases }));
  const found = checkFolder(folder, { known });
  rmSync(folder, { recursive: true });
  expect(found).toEqual([
    { file: "known", cases: 2, differences: [{ case: "case2", path: "", got: "Error: no", want: 2 }] },
    { file: "unknown", cases: 2, differences: null },
  ]);
});
