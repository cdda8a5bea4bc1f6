import { describe, expect, test } from "vitest";
import { sha256 } from "../../src/domain/digest.ts";
import type { DataUses } from "../../src/ports/data-uses.ts";

/** What every record of the uses of data must do. `another` is one of another job in the same place. */
export function dataUsesContract(name: string, make: () => Promise<{ another: () => DataUses }>): void {
  describe(`uses of data ${name}`, () => {
    const { signal } = new AbortController();
    const [data, other] = [sha256("data"), sha256("other data")];

    test("count the images that were judged on the same data, each once", async () => {
      const { another } = await make();
      const counts: number[] = [];
      for (const image of ["a", "b", "a", "c", "b"]) counts.push(await another().record(data, sha256(image), signal));
      expect(counts).toEqual([1, 2, 2, 3, 3]);
      expect(await another().record(other, sha256("a"), signal)).toBe(1);
    });

    test("of two at the same moment neither is lost", async () => {
      const { another } = await make();
      await Promise.all(["a", "b"].map((image) => another().record(data, sha256(image), signal)));
      expect(await another().record(data, sha256("c"), signal)).toBe(3);
    });
  });
}
