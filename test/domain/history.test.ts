import fc from "fast-check";
import { expect, test } from "vitest";
import type { Digest } from "../../src/domain/digest.ts";
import { byDigest, type Entries, forks, inOrder, misfits, missing, tips } from "../../src/domain/history.ts";
import { entryDigest, type LedgerEntry } from "../../src/domain/ledger.ts";
import { entryAfter } from "../contracts/ledger-store.ts";

const writers = 4;
/** What a writer does: writes an entry behind what it has seen, or looks at what another one has seen. */
const step = fc.record({ writer: fc.nat(writers - 1), sees: fc.option(fc.nat(writers - 1)), minute: fc.nat(3) });
const steps = fc.array(step, { minLength: 1, maxLength: 30 });

const at = (minute: number): string => `2026-11-23T12:0${minute}:00.000Z`;

/** The history that writers make who see each other's entries late, with clocks that do not agree. */
function history(made: readonly { writer: number; sees: number | null; minute: number }[]): Map<Digest, LedgerEntry> {
  const views = Array.from({ length: writers }, () => new Map<Digest, LedgerEntry>());
  made.forEach(({ writer, sees, minute }, index) => {
    const view = views[writer]!;
    if (sees !== null) for (const [digest, entry] of views[sees]!) view.set(digest, entry);
    else {
      const entry = entryAfter(undefined, { parents: tips(view), reason: `entry ${index}`, at: at(minute) });
      view.set(entryDigest(entry), entry);
    }
  });
  return new Map(views.flatMap((view) => [...view]));
}

const shuffled = (entries: Entries): fc.Arbitrary<Map<Digest, LedgerEntry>> =>
  fc.shuffledSubarray([...entries], { minLength: entries.size }).map((list) => new Map(list));

const arrivals = steps.map(history).chain((entries) => fc.tuple(fc.constant(entries), shuffled(entries)));

test("in whatever order entries arrive, every reader derives the same order, with nothing lost and nothing twice", () => {
  fc.assert(
    fc.property(arrivals, ([entries, arrived]) => {
      const order = inOrder(entries);
      expect(inOrder(arrived)).toEqual(order);
      expect(order).toHaveLength(entries.size);
      expect(byDigest(order)).toEqual(byDigest(entries.values()));
    }),
  );
});

test("an entry comes behind all that it names", () => {
  fc.assert(
    fc.property(arrivals, ([, arrived]) => {
      const seen = new Set<Digest>();
      for (const entry of inOrder(arrived)) {
        for (const parent of entry.parents) expect(seen).toContain(parent);
        seen.add(entryDigest(entry));
      }
    }),
  );
});

test("what is written behind all of a history, by however many, leaves the order of the history as it was", () => {
  fc.assert(
    fc.property(steps, steps, fc.nat(3), (before, after, minute) => {
      const entries = history(before);
      const joined = entryAfter(undefined, { parents: tips(entries), reason: "joins", at: at(minute) });
      const behind = [...history(after).values()].map((entry) => entry);
      // The later history is made anew on top of the entry that joins the earlier one.
      const moved = new Map<Digest, Digest>();
      const later = inOrder(byDigest(behind)).map((entry) => {
        const parents = entry.parents.map((parent) => moved.get(parent)!);
        const copy = { ...entry, parents: parents.length > 0 ? parents.toSorted() : [entryDigest(joined)] };
        moved.set(entryDigest(entry), entryDigest(copy));
        return copy;
      });
      const order = inOrder(byDigest([...later, joined, ...entries.values()]));
      expect(order).toEqual([...inOrder(entries), joined, ...inOrder(byDigest(later))]);
    }),
  );
});

test("entries at the same time are ordered by their time, and by digest where that is the same", () => {
  const first = entryAfter(undefined);
  const same = ["a", "b", "c"].map((reason) => entryAfter(first, { reason, at: at(2) }));
  const early = entryAfter(first, { reason: "early", at: at(1) });
  const digests = inOrder(byDigest([...same, early, first])).map(entryDigest);
  expect(digests).toEqual([entryDigest(first), entryDigest(early), ...same.map(entryDigest).toSorted()]);
});

test("a clock that is behind does not move an entry before what it names", () => {
  const late = entryAfter(undefined, { at: at(3) });
  const early = entryAfter(late, { at: at(0) });
  expect(inOrder(byDigest([early, late]))).toEqual([late, early]);
});

test("ten thousand entries at the same time are ordered too", () => {
  const first = entryAfter(undefined);
  const many = Array.from({ length: 10_000 }, (_, index) => entryAfter(first, { reason: `entry ${index}` }));
  const order = inOrder(byDigest([...many, first]));
  expect(order).toHaveLength(10_001);
  expect(order.slice(1).map(entryDigest)).toEqual(many.map(entryDigest).toSorted());
});

test("the tips are what nothing names yet, and an entry that names them is the only one", () => {
  fc.assert(
    fc.property(steps, (made) => {
      const entries = history(made);
      const named = new Set([...entries.values()].flatMap(({ parents }) => parents));
      expect(tips(entries)).toEqual([...entries.keys()].filter((digest) => !named.has(digest)).toSorted());
      const joined = entryAfter(undefined, { parents: tips(entries), reason: "joins" });
      expect(tips(new Map([...entries, [entryDigest(joined), joined]]))).toEqual([entryDigest(joined)]);
    }),
  );
});

test("no entry that another names can be left out or changed without being missed", () => {
  fc.assert(
    fc.property(steps, fc.nat(), fc.string(), (made, pick, reason) => {
      const entries = history(made);
      expect(missing(entries).size).toBe(0);
      const named = [...new Set([...entries.values()].flatMap(({ parents }) => parents))];
      fc.pre(named.length > 0);
      const gone = named[pick % named.length]!;
      const rest = new Map([...entries].filter(([digest]) => digest !== gone));
      const children = [...rest].filter(([, { parents }]) => parents.includes(gone)).map(([digest]) => digest);
      expect(missing(rest)).toEqual(new Map([[gone, children]]));
      fc.pre(reason !== entries.get(gone)!.reason);
      const changed = byDigest([...rest.values(), { ...entries.get(gone)!, reason }]);
      expect(missing(changed).has(gone)).toBe(true);
    }),
  );
});

test("the entry that an end closes is missed too", () => {
  const intended = entryAfter(undefined, { phase: "intended" });
  const done = entryAfter(undefined, { closes: entryDigest(intended) });
  expect([...missing(byDigest([done])).keys()]).toEqual([entryDigest(intended)]);
});

test("entries behind the same one are a fork, and so are two beginnings", () => {
  const first = entryAfter(undefined);
  const [a, b] = [entryAfter(first, { actor: "a" }), entryAfter(first, { actor: "b" })];
  const joined = entryAfter(undefined, { parents: tips(byDigest([first, a, b])) });
  const entries = byDigest([first, a, b, joined]);
  expect(forks(entries)).toEqual([inOrder(byDigest([a, b]))]);
  expect(forks(byDigest([first, a]))).toEqual([]);
  expect(forks(byDigest([first, entryAfter(undefined, { actor: "b" })]))).toHaveLength(1);
});

test("an end closes an act of its own kind and image", () => {
  const intended = entryAfter(undefined, { phase: "intended" });
  const closes = entryDigest(intended);
  const bad: Partial<LedgerEntry>[] = [
    { act: "rollback" },
    { image: { ...intended.image, digest: intended.modelDigest } },
    { phase: "intended" },
  ];
  for (const fields of bad) {
    const end = entryAfter(intended, { closes, ...fields });
    expect(misfits(byDigest([intended, end]))).toEqual([expect.objectContaining({ digest: entryDigest(end) })]);
  }
  const done = entryAfter(intended, { closes });
  expect(misfits(byDigest([intended, done]))).toEqual([]);
  expect(misfits(byDigest([intended, done, entryAfter(done, { closes: entryDigest(done) })]))).toHaveLength(1);
});
