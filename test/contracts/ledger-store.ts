import { describe, expect, test } from "vitest";
import { sha256 } from "../../src/domain/digest.ts";
import { byDigest, forks, tips } from "../../src/domain/history.ts";
import { entryDigest, type LedgerEntry } from "../../src/domain/ledger.ts";
import { WorldError } from "../../src/domain/problem.ts";
import type { LedgerStore } from "../../src/ports/ledger-store.ts";
import type { FakeClock } from "../fakes/clock.ts";

/** The entry behind another one, or the first. */
export const entryAfter = (last: LedgerEntry | undefined, fields: Partial<LedgerEntry> = {}): LedgerEntry => ({
  environment: "production",
  parents: last ? [entryDigest(last)] : [],
  phase: "done",
  closes: null,
  act: "promote",
  image: { repository: "registry.example/acme/digits", digest: sha256("image") },
  modelDigest: sha256("model"),
  before: null,
  verdict: sha256("verdict"),
  approval: null,
  reason: "because",
  actor: "ada",
  commit: null,
  run: null,
  lease: "lease",
  at: "2026-11-23T12:00:00.000Z",
  ...fields,
});

const locked = { problem: { code: "promote.locked" } };
const writers = 20;
const range = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

/** What every ledger store must do. `another` is a store of somebody else in the same place. */
export function ledgerStoreContract(
  name: string,
  make: () => Promise<{ store: LedgerStore; another: () => LedgerStore; clock: FakeClock }>,
): void {
  describe(`ledger store ${name}`, () => {
    const { signal } = new AbortController();

    test("has an empty history before the first entry", async () => {
      const { store } = await make();
      expect(await store.read("production", signal)).toEqual([]);
      expect(await store.audit("production", signal)).toEqual({ entries: [], breaches: [] });
    });

    test("gives back entries from first to last, and finds nothing wrong with them", async () => {
      const { store, another } = await make();
      const entries: LedgerEntry[] = [];
      for (const reason of ["first", "second", "third: ünï\u0000\u{1f600}"]) {
        const entry = entryAfter(entries.at(-1), { reason });
        await store.append(entry, signal);
        entries.push(entry);
      }
      for (const reader of [store, another()]) expect(await reader.read("production", signal)).toEqual(entries);
      expect(await another().audit("production", signal)).toEqual({ entries, breaches: [] });
    });

    test("has an entry once that is added twice", async () => {
      const { store, another } = await make();
      for (const writer of [store, another()]) await writer.append(entryAfter(undefined), signal);
      expect(await store.read("production", signal)).toHaveLength(1);
    });

    test("keeps environments apart, also those whose names begin alike", async () => {
      const { store } = await make();
      for (const environment of ["prod", "prod-eu", "prod-eu-1"])
        await store.append(entryAfter(undefined, { environment }), signal);
      for (const environment of ["prod", "prod-eu", "prod-eu-1"])
        expect(await store.read(environment, signal)).toMatchObject([{ environment }]);
      expect(await store.read("pro", signal)).toEqual([]);
    });

    test("loses nothing of writers at the same time, and the next entry joins what they wrote", async () => {
      const { store, another } = await make();
      const first = entryAfter(undefined);
      await store.append(first, signal);
      const written = range(writers).map((index) => entryAfter(first, { actor: `writer ${index}` }));
      await Promise.all(written.map((entry) => another().append(entry, signal)));
      const histories = [];
      for (const reader of [store, another(), another()]) histories.push(await reader.read("production", signal));
      expect(histories[0]).toHaveLength(writers + 1);
      expect(histories[1]).toEqual(histories[0]);
      expect(histories[2]).toEqual(histories[0]);
      expect(new Set(histories[0]!.map(({ actor }) => actor)).size).toBe(writers + 1);
      expect(forks(byDigest(histories[0]!))).toHaveLength(1);
      const joined = { ...entryAfter(undefined), parents: tips(byDigest(histories[0]!)) };
      expect(joined.parents).toHaveLength(writers);
      await another().append(joined, signal);
      expect((await store.read("production", signal)).at(-1)).toEqual(joined);
    });

    test("says of an entry whose parent is not there which one is missing", async () => {
      const { store, another } = await make();
      const gone = entryAfter(undefined);
      await store.append(entryAfter(gone), signal);
      const read = another().read("production", signal);
      await expect(read).rejects.toMatchObject({ problems: [{ code: "ledger.broken" }] });
      await expect(read).rejects.toThrow(entryDigest(gone));
      const { entries, breaches } = await another().audit("production", signal);
      expect(entries).toHaveLength(1);
      expect(breaches).toMatchObject([{ code: "ledger.broken", message: expect.stringContaining(entryDigest(gone)) }]);
    });

    test("lends an environment to one at a time, and says to whom and until when", async () => {
      const { store, another, clock } = await make();
      const lease = await store.lease("production", "ada", 60_000, signal);
      expect(lease.owner).toBe("ada");
      expect(lease.expires.getTime()).toBe(clock.now().getTime() + 60_000);
      const refused = another().lease("production", "grace", 60_000, signal);
      await expect(refused).rejects.toMatchObject(locked);
      await expect(refused).rejects.toThrow(/ada.*2026-11-23T12:01:00/);
      await using other = await store.lease("canary", "grace", 60_000, signal);
      expect(other.id).not.toBe(lease.id);
      await lease[Symbol.asyncDispose]();
    });

    test("lends it again once it was given back", async () => {
      const { store, another } = await make();
      await (await store.lease("production", "ada", 60_000, signal))[Symbol.asyncDispose]();
      await using second = await another().lease("production", "grace", 60_000, signal);
      expect(second.owner).toBe("grace");
    });

    test("lends it again once the lease ran out on every clock, and a late return does not take it from the new holder", async () => {
      const { store, another, clock } = await make();
      const late = await store.lease("production", "ada", 60_000, signal);
      clock.advance(119_999);
      await expect(another().lease("production", "grace", 60_000, signal)).rejects.toMatchObject(locked);
      clock.advance(1);
      await using _second = await another().lease("production", "grace", 60_000, signal);
      await late[Symbol.asyncDispose]();
      await expect(store.lease("production", "edsger", 60_000, signal)).rejects.toThrow(/grace/);
    });

    test("never lends it to two of many that ask at the same moment, and each gets it in the end", async () => {
      const { another } = await make();
      let inside = 0;
      let most = 0;
      let refusals = 0;
      const served = new Set<number>();
      let next = Promise.withResolvers<void>();
      const take = async (store: LedgerStore, taker: number): Promise<void> => {
        await using _lease = await store.lease("production", `taker ${taker}`, 1_000_000, signal);
        most = Math.max(most, ++inside);
        await store.read("production", signal);
        served.add(taker);
        inside--;
      };
      await Promise.all(
        range(writers).map(async (taker) => {
          for (const store = another(); !served.has(taker); ) {
            const given = next.promise;
            try {
              await take(store, taker);
              next.resolve();
              next = Promise.withResolvers();
            } catch (error) {
              if (!(error instanceof WorldError && error.problem.code === "promote.locked")) throw error;
              refusals++;
              await given;
            }
          }
        }),
      );
      expect({ most, served: served.size, inside }).toEqual({ most: 1, served: writers, inside: 0 });
      expect(refusals).toBeGreaterThan(0);
    });
  });
}
