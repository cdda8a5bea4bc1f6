import { describe, expect, test } from "vitest";
import { digestOf, type Json } from "../../src/domain/canonical.ts";
import { sha256 } from "../../src/domain/digest.ts";
import { type Evidence, toStatement } from "../../src/domain/evidence.ts";
import type { Image } from "../../src/domain/image.ts";
import type { EvidenceStore } from "../../src/ports/evidence-store.ts";

const at = (minute: number): string => new Date(Date.UTC(2026, 10, 23, 12, minute)).toISOString();

const evidenceOf = (image: Image, fields: Partial<Evidence> = {}): Evidence => ({
  kind: "smoke",
  image,
  modelDigest: sha256("model"),
  at: at(0),
  by: { actor: "ada", commit: null, run: null },
  body: { passed: true, steps: [] },
  ...fields,
});

/** What every evidence store must do. `make` gives two images that exist; `signature` is what is known of what it attaches. */
export function evidenceStoreContract(
  name: string,
  make: () => Promise<{ store: EvidenceStore; images: readonly [Image, Image] }>,
  signature: object = { status: "unsigned" },
): void {
  describe(`evidence store ${name}`, () => {
    const { signal } = new AbortController();

    test("has nothing about an image that nothing was said of", async () => {
      const { store, images } = await make();
      expect(await store.list(images[0], "smoke", signal)).toEqual([]);
    });

    test.each(["smoke", "evaluation"] as const)("gives back what was attached: %s", async (kind) => {
      const { store, images } = await make();
      const by = { actor: "ada", commit: "abc", run: "https://ci.example/1" };
      const evidence = evidenceOf(images[0], { kind, by });
      const digest = await store.attach(evidence, signal);
      const { modelDigest, at, body } = evidence;
      const [stored, ...more] = await store.list(images[0], kind, signal);
      expect(more).toEqual([]);
      expect(stored).toMatchObject({ digest, kind, modelDigest, at, by, signature });
      expect(stored?.body).toEqual(body);
      expect(digest).toBe(digestOf(toStatement(evidence) as unknown as Json));
    });

    test("keeps evaluations apart that differ in nothing but their rows", async () => {
      const { store, images } = await make();
      for (const body of [{ rows: [1] }, { rows: [2] }])
        await store.attach(evidenceOf(images[0], { kind: "evaluation", body }), signal);
      const listed = await store.list(images[0], "evaluation", signal);
      expect(listed.map(({ body }) => JSON.stringify(body)).toSorted()).toEqual(['{"rows":[1]}', '{"rows":[2]}']);
    });

    test("keeps the same statement once", async () => {
      const { store, images } = await make();
      const first = await store.attach(evidenceOf(images[0]), signal);
      expect(await store.attach(evidenceOf(images[0]), signal)).toBe(first);
      expect(await store.list(images[0], "smoke", signal)).toHaveLength(1);
    });

    test("lists the newest first, by time and not by text", async () => {
      const { store, images } = await make();
      const times = ["2026-11-23T12:00:00Z", "2026-11-23T12:00:00.500Z", at(1), "2026-11-23T11:59:59.999Z"];
      for (const time of times) await store.attach(evidenceOf(images[0], { at: time }), signal);
      const listed = await store.list(images[0], "smoke", signal);
      expect(listed.map((stored) => stored.at)).toEqual([times[2], times[1], times[0], times[3]]);
    });

    test("orders statements of the same moment by digest", async () => {
      const { store, images } = await make();
      for (const body of ["a", "b", "c", "d"]) await store.attach(evidenceOf(images[0], { body }), signal);
      const digests = (await store.list(images[0], "smoke", signal)).map(({ digest }) => digest);
      expect(digests).toEqual(digests.toSorted());
      expect(digests).toHaveLength(4);
    });

    test("keeps kinds and images apart", async () => {
      const { store, images } = await make();
      await store.attach(evidenceOf(images[0]), signal);
      await store.attach(evidenceOf(images[0], { kind: "verdict" }), signal);
      await store.attach(evidenceOf(images[1], { kind: "verdict" }), signal);
      expect(await store.list(images[0], "verdict", signal)).toHaveLength(1);
      expect(await store.list(images[1], "verdict", signal)).toHaveLength(1);
      expect(await store.list(images[1], "smoke", signal)).toEqual([]);
    });

    test("refuses to attach to an image that does not exist", async () => {
      const { store, images } = await make();
      const nowhere = { repository: images[0].repository, digest: sha256("no such image") };
      await expect(store.attach(evidenceOf(nowhere), signal)).rejects.toMatchObject({
        problems: [{ code: "release.not-found" }],
      });
    });
  });
}
