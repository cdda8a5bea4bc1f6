import { brokenLink, entryDigest, type LedgerEntry } from "../../src/domain/ledger.ts";
import { UserError, WorldError } from "../../src/domain/problem.ts";
import type { Clock } from "../../src/ports/clock.ts";
import type { Lease, LedgerStore } from "../../src/ports/ledger-store.ts";

/** Ledgers in memory. */
export function fakeLedgerStore(clock: Clock): LedgerStore {
  const ledgers = new Map<string, LedgerEntry[]>();
  const leases = new Map<string, Lease>();
  const locked = (message: string): WorldError =>
    new WorldError(
      { code: "promote.locked", message, hint: "Wait for it to end." },
      { side: "ledger", during: "writing", retryable: true },
    );
  return {
    async read(environment) {
      const entries = ledgers.get(environment) ?? [];
      const link = brokenLink(entries);
      if (link === null) return [...entries];
      throw new UserError([{ code: "ledger.broken", message: `entry ${link} does not follow`, hint: "Look at it." }]);
    },
    async append(entry) {
      const entries = ledgers.get(entry.environment) ?? [];
      const last = entries.at(-1);
      if (entry.previous !== (last ? entryDigest(last) : null) || entry.sequence !== entries.length + 1)
        throw locked("somebody wrote in between");
      ledgers.set(entry.environment, [...entries, entry]);
    },
    async lease(environment, owner, milliseconds) {
      const held = leases.get(environment);
      if (held && held.expires > clock.now())
        throw locked(`${held.owner} holds ${environment} until ${held.expires.toISOString()}`);
      const lease: Lease = {
        owner,
        expires: new Date(clock.now().getTime() + milliseconds),
        async [Symbol.asyncDispose]() {
          if (leases.get(environment) === lease) leases.delete(environment);
        },
      };
      leases.set(environment, lease);
      return lease;
    },
  };
}
