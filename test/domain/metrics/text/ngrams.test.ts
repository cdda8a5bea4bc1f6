import * as fc from "fast-check";
import { expect, test } from "vitest";
import { ngramsOf, numbered, shared } from "../../../../src/domain/metrics/text/ngrams.ts";

const sequence = fc.array(fc.constantFrom("a", "b", "c", "ab"), { maxLength: 12 });

/** All n-grams of a sequence, each as a text. */
const listed = (units: readonly string[], n: number): string[] =>
  units.slice(n - 1).map((_, i) => units.slice(i, i + n).join(" "));

test("n-grams are counted and shared as if each were written out", () => {
  fc.assert(
    fc.property(sequence, sequence, (one, other) => {
      const orders = ngramsOf([one, other], 4);
      expect(orders).toHaveLength(4);
      for (const [i, [own, others]] of orders.entries()) {
        const [left, right] = [listed(one, i + 1), listed(other, i + 1)];
        const common = [...new Set(left)].map((ngram) =>
          Math.min(left.filter((it) => it === ngram).length, right.filter((it) => it === ngram).length),
        );
        expect([own!.total, others!.total]).toEqual([left.length, right.length]);
        expect(shared(own!, others!)).toBe(common.reduce((sum, count) => sum + count, 0));
      }
    }),
  );
});

test("equal things have equal numbers in all sequences", () => {
  expect(numbered(["ab", "bca"])).toEqual({ numbers: [Uint32Array.of(0, 1), Uint32Array.of(1, 2, 0)], distinct: 3 });
  expect(numbered([])).toEqual({ numbers: [], distinct: 0 });
});
