import { brokenLink, entryDigest, type LedgerEntry } from "../../domain/ledger.ts";
import { UserError } from "../../domain/problem.ts";
import type { Clock } from "../../ports/clock.ts";
import type { LedgerStore } from "../../ports/ledger-store.ts";
import type { OciStore } from "../oci/store.ts";
import { broken } from "./ledger/entry.ts";
import { locked, takeLease } from "./ledger/lease.ts";
import { extend, type Head, putHead, readHead, readPage } from "./ledger/pages.ts";

/** A tag allows 128 of these characters (OCI distribution specification, pulling manifests). */
const tagOf = (use: "ledger" | "lease", environment: string): string => {
  if (/^[a-zA-Z0-9._-]{1,100}$/.test(environment)) return `modelgate-${use}-${environment}`;
  const message = `an environment cannot be called ${JSON.stringify(environment)}`;
  throw new UserError([
    {
      code: "config.value",
      message,
      hint: "Use at most 100 letters, digits, dots, dashes and underscores: its ledger is a tag.",
    },
  ]);
};

/**
 * The ledgers of the environments of one model, in the repository of its images: the tag `modelgate-ledger-<environment>`
 * points at an artifact whose layers are pages of entries. See {@link takeLease} for what a registry cannot promise: two
 * writers within the same round trips. The later one wins, and the earlier one learns of it when it writes again.
 */
export function createLedgerStore(store: OciStore, clock: Clock): LedgerStore {
  /** Damage is an answer about the ledger, whoever found it. */
  async function trusted<T>(environment: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      throw broken({ environment, repository: store.repository, tag: tagOf("ledger", environment) }, error.message);
    }
  }

  const head = (environment: string, signal: AbortSignal): Promise<Head | null> =>
    trusted(environment, () => readHead(store, tagOf("ledger", environment), signal));

  async function lastPage(environment: string, at: Head | null, signal: AbortSignal): Promise<LedgerEntry[]> {
    const page = at?.pages.at(-1);
    return page ? trusted(environment, () => readPage(store, page, signal)) : [];
  }

  const overtaken = (environment: string): Error =>
    locked(environment, "it wrote to the ledger in between", "Look at what it did, then try again.");

  return {
    read: (environment, signal) =>
      trusted(environment, async () => {
        const pages = (await head(environment, signal))?.pages ?? [];
        const entries = (await Promise.all(pages.map((page) => readPage(store, page, signal)))).flat();
        const link = brokenLink(entries);
        if (link !== null) throw new RangeError(`entry ${link} does not follow the one before it`);
        const foreign = entries.find((entry) => entry.environment !== environment);
        if (foreign) throw new RangeError(`entry ${foreign.sequence} is about ${foreign.environment}`);
        return entries;
      }),
    async append(entry, signal) {
      const { environment } = entry;
      const before = await head(environment, signal);
      const entries = await lastPage(environment, before, signal);
      const last = entries.at(-1);
      if (entry.previous !== (last ? entryDigest(last) : null) || entry.sequence !== (last?.sequence ?? 0) + 1)
        throw overtaken(environment);
      const pages = await extend(store, before, { ofLastPage: entries, added: entry }, signal);
      if ((await head(environment, signal))?.digest !== before?.digest) throw overtaken(environment);
      const written = await putHead(store, tagOf("ledger", environment), pages, signal);
      if ((await head(environment, signal))?.digest !== written) throw overtaken(environment);
    },
    lease: (environment, owner, milliseconds, signal) =>
      takeLease({ store, environment, tag: tagOf("lease", environment) }, clock, { owner, milliseconds }, signal),
  };
}
