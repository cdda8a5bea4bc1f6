import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { openSpill } from "../../../src/adapters/system/spill.ts";

const top = mkdtempSync(join(tmpdir(), "modelgate-spill-"));
afterAll(() => rmSync(top, { recursive: true, force: true }));

const value = fc.record({
  data: fc.array(fc.oneof(fc.double(), fc.bigInt(), fc.string({ unit: "binary" }), fc.boolean())),
});

test("values come back as they were put, in any order, before and after they are written", () => {
  fc.assert(
    fc.property(fc.array(value, { minLength: 1, maxLength: 20 }), fc.array(fc.nat()), (values, asked) => {
      using spill = openSpill<unknown>(join(top, "runs"));
      for (const [index, one] of values.entries()) {
        spill.put(one);
        const among = (asked[index] ?? 0) % (index + 1);
        expect(spill.get(among)).toEqual(values[among]);
      }
      for (const [index, one] of values.entries()) expect(spill.get(index)).toEqual(one);
    }),
    { numRuns: 50 },
  );
});

test("more than is written together comes back too", () => {
  using spill = openSpill<string>(top);
  const text = (index: number): string => `${index}`.repeat(50_000);
  for (let index = 0; index < 100; index++) spill.put(text(index));
  for (const index of [99, 0, 57, 58]) expect(spill.get(index)).toBe(text(index));
});

test("nothing stands in the folder, and what was never put is not there", () => {
  const folder = join(top, "empty");
  using spill = openSpill<number>(folder);
  spill.put(1);
  expect(spill.get(0)).toBe(1);
  expect(readdirSync(folder)).toEqual([]);
  expect(() => spill.get(1)).toThrow(RangeError);
});
