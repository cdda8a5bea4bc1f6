import { describe, expect, test } from "vitest";
import { sha256 } from "../../src/domain/digest.ts";
import { entryDigest, type LedgerEntry } from "../../src/domain/ledger.ts";
import type { LedgerStore } from "../../src/ports/ledger-store.ts";
import type { FakeClock } from "../fakes/clock.ts";

/** The entry behind another one, or the first. */
export const entryAfter = (last: LedgerEntry | undefined, fields: Partial<LedgerEntry> = {}): LedgerEntry => ({
  environment: "production",
  sequence: (last?.sequence ?? 0) + 1,
  previous: last ? entryDigest(last) : null,
  phase: "done",
  act: "promote",
  image: { repository: "registry.example/acme/digits", digest: sha256("image") },
  modelDigest: sha256("model"),
  before: null,
  verdict: sha256("verdict"),
  reason: "because",
  actor: "ada",
  at: "2026-11-23T12:00:00.000Z",
  ...fields,
});

const locked = { problem: { code: "promote.locked" } };

/** What every ledger store must do. */
export function ledgerStoreContract(name: string, make: () => Promise<{ store: LedgerStore; clock: FakeClock }>): void {
  describe(`ledger store ${name}`, () => {
    const { signal } = new AbortController();

    test("has an empty history before the first entry", async () => {
      const { store } = await make();
      expect(await store.read("production", signal)).toEqual([]);
    });

    test("gives back entries from first to last", async () => {
      const { store } = await make();
      const entries: LedgerEntry[] = [];
      for (const reason of ["first", "second", "third: ünï\u0000\u{1f600}"]) {
        const entry = entryAfter(entries.at(-1), { reason });
        await store.append(entry, signal);
        entries.push(entry);
      }
      expect(await store.read("production", signal)).toEqual(entries);
    });

    test("keeps environments apart", async () => {
      const { store } = await make();
      await store.append(entryAfter(undefined), signal);
      await store.append(entryAfter(undefined, { environment: "canary" }), signal);
      expect(await store.read("production", signal)).toHaveLength(1);
      expect(await store.read("canary", signal)).toMatchObject([{ environment: "canary" }]);
      expect(await store.read("staging", signal)).toEqual([]);
    });

    test("refuses an entry that does not follow the last one", async () => {
      const { store } = await make();
      const first = entryAfter(undefined);
      await store.append(first, signal);
      await store.append(entryAfter(first, { reason: "mine" }), signal);
      for (const late of [
        entryAfter(first, { reason: "theirs" }),
        entryAfter(undefined),
        entryAfter(first, { sequence: 3 }),
        entryAfter(entryAfter(first, { reason: "mine" }), { sequence: 4 }),
      ])
        await expect(store.append(late, signal)).rejects.toMatchObject(locked);
      expect(await store.read("production", signal)).toMatchObject([{ reason: "because" }, { reason: "mine" }]);
    });

    test("lends an environment to one at a time, and says to whom and until when", async () => {
      const { store, clock } = await make();
      const lease = await store.lease("production", "ada", 60_000, signal);
      expect(lease.owner).toBe("ada");
      expect(lease.expires.getTime()).toBe(clock.now().getTime() + 60_000);
      const refused = store.lease("production", "grace", 60_000, signal);
      await expect(refused).rejects.toMatchObject(locked);
      await expect(refused).rejects.toThrow(/ada.*2026-11-23T12:01:00/);
      await using _other = await store.lease("canary", "grace", 60_000, signal);
      await lease[Symbol.asyncDispose]();
    });

    test("lends it again once it was given back", async () => {
      const { store } = await make();
      await (await store.lease("production", "ada", 60_000, signal))[Symbol.asyncDispose]();
      await using second = await store.lease("production", "grace", 60_000, signal);
      expect(second.owner).toBe("grace");
    });

    test("lends it again once the lease ran out, and a late return does not take it from the new holder", async () => {
      const { store, clock } = await make();
      const late = await store.lease("production", "ada", 60_000, signal);
      clock.advance(59_999);
      await expect(store.lease("production", "grace", 60_000, signal)).rejects.toMatchObject(locked);
      clock.advance(1);
      await using _second = await store.lease("production", "grace", 60_000, signal);
      await late[Symbol.asyncDispose]();
      await expect(store.lease("production", "edsger", 60_000, signal)).rejects.toThrow(/grace/);
    });
  });
}
