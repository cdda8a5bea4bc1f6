import * as fc from "fast-check";
import { expect, test } from "vitest";
import { benjaminiHochberg, bonferroni, holm } from "../../../src/domain/statistics/multiplicity.ts";

const values = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 30 });

test("Benjamini-Hochberg corrects least, Bonferroni most, none below the value itself or above 1", () => {
  fc.assert(
    fc.property(values, (p) => {
      const [bh, step, all] = [benjaminiHochberg(p), holm(p), bonferroni(p)];
      p.forEach((value, i) => {
        expect(bh[i]).toBeGreaterThanOrEqual(value * (1 - 1e-12));
        expect(step[i]).toBeGreaterThanOrEqual(bh[i]! * (1 - 1e-12));
        expect(all[i]).toBeGreaterThanOrEqual(step[i]!);
        expect(all[i]).toBeLessThanOrEqual(1);
      });
    }),
  );
});

test("adjusted values keep the order of the values, whatever order they come in", () => {
  fc.assert(
    fc.property(values, (p) => {
      const ascending = p.toSorted((a, b) => a - b);
      for (const adjust of [holm, benjaminiHochberg]) {
        expect(adjust(ascending)).toEqual(adjust(p).toSorted((a, b) => a - b));
        expect(adjust(p.toReversed())).toEqual(adjust(p).toReversed());
      }
    }),
  );
});

test("one value stays, none is none", () => {
  expect([holm([0.03]), benjaminiHochberg([0.03]), bonferroni([0.03])]).toEqual([[0.03], [0.03], [0.03]]);
  expect([holm([]), benjaminiHochberg([])]).toEqual([[], []]);
});

test("each procedure by hand", () => {
  const p = [0.04, 0.01, 0.5, 0.02];
  expect(holm(p)).toEqual([0.08, 0.04, 0.5, 0.06]);
  expect(benjaminiHochberg(p).map((value) => Number(value.toFixed(12)))).toEqual([0.053333333333, 0.04, 0.5, 0.04]);
  expect(bonferroni(p)).toEqual([0.16, 0.04, 1, 0.08]);
});
