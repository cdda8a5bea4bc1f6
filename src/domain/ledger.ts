import { digestOf, type Json } from "./canonical.ts";
import type { Digest } from "./digest.ts";
import type { Image } from "./image.ts";

/**
 * One line of an environment's history. An act is written twice: `intended` before it begins, then `done` or `undone`. Entries
 * are only ever added; each names the newest ones its writer saw, so that nothing before it can be changed or left out.
 */
export interface LedgerEntry {
  environment: string;
  /** The entries that nothing followed when this one was written, sorted. None for the first, several after concurrent writes. */
  parents: readonly Digest[];
  phase: "intended" | "done" | "undone";
  /** The `intended` entry that this one ends; null for an `intended` one. */
  closes: Digest | null;
  act: "promote" | "rollback";
  image: Image;
  /** Digest of the model in the image: what the platform must say after the act. */
  modelDigest: Digest;
  /** What the environment ran before the act, as the platform said; null when nothing ran. */
  before: Image | null;
  /** Digest of the verdict statement the act rests on; null for a rollback to a release promoted earlier. */
  verdict: Digest | null;
  /** Id of the approval that allowed the act; null where none was needed. */
  approval: string | null;
  reason: string;
  actor: string;
  /** Commit and run of the workflow that acted; null on a terminal. */
  commit: string | null;
  run: string | null;
  /** The lease it was written under, so that two acts that are otherwise alike are two. */
  lease: string;
  /** ISO 8601, UTC. */
  at: string;
}

/** The name of an entry: the next ones name it as a parent. */
export const entryDigest = (entry: LedgerEntry): Digest => digestOf(entry as unknown as Json);

/**
 * The acts that were intended and neither done nor undone: what killed runs left behind. More than one only when runs came
 * between each other in spite of the lease.
 */
export function openActs(entries: readonly LedgerEntry[]): readonly LedgerEntry[] {
  const closed = new Set(entries.map(({ closes }) => closes));
  return entries.filter((entry) => entry.phase === "intended" && !closed.has(entryDigest(entry)));
}

/** The last act that was done, as the ledger has it: what the environment should run. */
export const lastDone = (entries: readonly LedgerEntry[]): LedgerEntry | null =>
  entries.findLast(({ phase }) => phase === "done") ?? null;

/**
 * The promotions that stand, oldest first. A rollback takes away what lay above the release it went back to, so nothing
 * that was taken back is ever gone back to.
 */
export function standing(entries: readonly LedgerEntry[]): readonly LedgerEntry[] {
  const stack: LedgerEntry[] = [];
  for (const entry of entries.filter(({ phase }) => phase === "done")) {
    const at = stack.findLastIndex(({ image }) => image.digest === entry.image.digest);
    if (entry.act === "rollback" && at >= 0) stack.splice(at + 1);
    else stack.splice(at >= 0 && at === stack.length - 1 ? at : stack.length, 1, entry);
  }
  return stack;
}

/**
 * The approvals that are spent: those of acts that are done or still open. An act that was undone changed nothing, so its
 * approval may carry the same act once more.
 */
export function usedApprovals(entries: readonly LedgerEntry[]): ReadonlySet<string> {
  const undone = new Set(entries.filter(({ phase }) => phase === "undone").map(({ closes }) => closes));
  const spent = entries.filter((entry) => entry.phase === "intended" && !undone.has(entryDigest(entry)));
  return new Set(spent.map(({ approval }) => approval).filter((approval) => approval !== null));
}
