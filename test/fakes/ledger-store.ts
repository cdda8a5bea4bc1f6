import type { Digest } from "../../src/domain/digest.ts";
import { byDigest, inOrder, missing } from "../../src/domain/history.ts";
import type { LedgerEntry } from "../../src/domain/ledger.ts";
import { type Problem, UserError, WorldError } from "../../src/domain/problem.ts";
import type { Clock } from "../../src/ports/clock.ts";
import type { Lease, LedgerStore } from "../../src/ports/ledger-store.ts";

/** How long after its end nobody takes a lease over. */
const tolerance = 60_000;

/** Ledgers in memory. */
export function fakeLedgerStore(clock: Clock): LedgerStore {
  const ledgers = new Map<string, Map<Digest, LedgerEntry>>();
  const leases = new Map<string, Lease>();
  let taken = 0;
  const locked = (message: string): WorldError =>
    new WorldError(
      { code: "promote.locked", message, hint: "Wait for it to end." },
      { side: "ledger", during: "writing", retryable: true },
    );
  const entriesOf = (environment: string) => ledgers.get(environment) ?? new Map<Digest, LedgerEntry>();
  const breachesOf = (environment: string): Problem[] =>
    [...missing(entriesOf(environment)).keys()].map((digest) => ({
      code: "ledger.broken",
      message: `the entry ${digest} is gone`,
      hint: "Look at it.",
    }));
  return {
    async read(environment) {
      const breaches = breachesOf(environment);
      if (breaches.length > 0) throw new UserError(breaches);
      return inOrder(entriesOf(environment));
    },
    async append(entry) {
      ledgers.set(entry.environment, new Map([...entriesOf(entry.environment), ...byDigest([entry])]));
    },
    audit: async (environment) => ({
      entries: inOrder(entriesOf(environment)),
      breaches: breachesOf(environment),
    }),
    async lease(environment, owner, milliseconds) {
      const held = leases.get(environment);
      if (held && held.expires.getTime() + tolerance > clock.now().getTime())
        throw locked(`${held.owner} holds ${environment} until ${held.expires.toISOString()}`);
      const lease: Lease = {
        id: `lease ${++taken}`,
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
