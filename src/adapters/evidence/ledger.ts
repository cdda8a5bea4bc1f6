import { byDigest, inOrder } from "../../domain/history.ts";
import { entryDigest, type LedgerEntry } from "../../domain/ledger.ts";
import { UserError } from "../../domain/problem.ts";
import type { Clock } from "../../ports/clock.ts";
import type { LedgerStore } from "../../ports/ledger-store.ts";
import type { OciStore } from "../oci/store.ts";
import { extendCheckpoint } from "./ledger/checkpoint.ts";
import { putEntry } from "./ledger/entry.ts";
import { putHead } from "./ledger/head.ts";
import { takeLease } from "./ledger/lease.ts";
import { type Known, nothingKnown, readHistory } from "./ledger/read.ts";
import { ledgerTags } from "./ledger/tags.ts";

/**
 * The ledgers of the environments of one model, in the repository of its images. A registry has no compare-and-swap, so nothing is
 * ever written over: each entry is an artifact with a tag of its own, made of its digest, and names the entries its writer saw.
 * Writers at the same time lose nothing; readers put what is there into one order.
 * @param patience how long who takes a lease waits for others that take it at the same moment to withdraw, in milliseconds.
 */
export function createLedgerStore(store: OciStore, clock: Clock, patience = 15_000): LedgerStore {
  const known = new Map<string, Known>();

  async function extend(entry: LedgerEntry, signal: AbortSignal): Promise<void> {
    const { environment } = entry;
    const before = known.get(environment);
    if (!before) return;
    const entries = new Map([...before.entries, ...byDigest([entry])]);
    const place = { store, tags: ledgerTags(environment) };
    const checkpoint = await extendCheckpoint(place, { last: before.checkpoint, entries }, signal);
    known.set(environment, { entries, checkpoint });
  }

  return {
    async read(environment, signal) {
      const before = known.get(environment) ?? nothingKnown;
      const { breaches, ...history } = await readHistory({ store, environment }, before, { every: false }, signal);
      if (breaches.length > 0) throw new UserError(breaches);
      known.set(environment, history);
      return inOrder(history.entries);
    },
    async append(entry, signal) {
      const tags = ledgerTags(entry.environment);
      const digest = entryDigest(entry);
      await putEntry(store, tags.entry(digest), entry, signal);
      // The entry stands. Head and checkpoint only help: a registry may refuse to move a tag.
      await putHead(store, tags.head, digest, signal).catch(() => undefined);
      await extend(entry, signal).catch(() => undefined);
    },
    async audit(environment, signal) {
      const { entries, breaches } = await readHistory({ store, environment }, nothingKnown, { every: true }, signal);
      return { entries: inOrder(entries), breaches };
    },
    lease: (environment, owner, milliseconds, signal) =>
      takeLease({ store, environment }, clock, { owner, milliseconds, patience }, signal),
  };
}
