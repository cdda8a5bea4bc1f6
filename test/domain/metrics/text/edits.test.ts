import * as fc from "fast-check";
import { expect, test } from "vitest";
import { characterEdits, editDistance, wordEdits } from "../../../../src/domain/metrics/text/edits.ts";

/** The table of Wagner and Fischer (1974), cell by cell. */
function table(one: Uint32Array, other: Uint32Array): number {
  let row = Array.from({ length: other.length + 1 }, (_, j) => j);
  for (const [i, unit] of one.entries()) {
    const next = [i + 1];
    for (const [j, second] of other.entries())
      next.push(Math.min(row[j]! + (unit === second ? 0 : 1), row[j + 1]! + 1, next[j]! + 1));
    row = next;
  }
  return row.at(-1)!;
}

test("the distance is that of the table, for any length", () => {
  const sequence = fc
    .array(fc.integer({ min: 0, max: 3 }), { maxLength: 140, size: "max" })
    .map((units) => Uint32Array.from(units));
  fc.assert(
    fc.property(sequence, sequence, (one, other) => {
      expect(editDistance(one, other)).toBe(table(one, other));
    }),
    { numRuns: 300 },
  );
});

test.each([31, 32, 33, 64, 65])("nothing is lost at the edge of %i units", (length) => {
  const units = Uint32Array.from({ length }, (_, i) => i);
  expect(editDistance(units, units)).toBe(0);
  expect(editDistance(units, units.toReversed())).toBe(table(units, units.toReversed()));
  expect([editDistance(units, new Uint32Array()), editDistance(new Uint32Array(), units)]).toEqual([length, length]);
  expect(editDistance(units, units.slice(1))).toBe(1);
});

test("words are split at white space and nothing else is done to them", () => {
  expect(wordEdits("the  Cat\tsat ", "the cat sat\x85down")).toEqual({ edits: 2, units: 4 });
});

test("characters are code points, white space among them", () => {
  expect(characterEdits("a😀b", "a😀c")).toEqual({ edits: 1, units: 3 });
  expect(characterEdits("a b", "ab")).toEqual({ edits: 1, units: 2 });
});

test("an empty reference has no units", () => {
  expect(wordEdits("a b", " ")).toEqual({ edits: 2, units: 0 });
  expect(characterEdits("", "")).toEqual({ edits: 0, units: 0 });
});
