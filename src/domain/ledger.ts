import { digestOf, type Json } from "./canonical.ts";
import type { Digest } from "./digest.ts";
import type { Image } from "./image.ts";

/** One line of an environment's history. An act is written twice: `intended` before it begins, then `done` or `undone`. */
export interface LedgerEntry {
  environment: string;
  /** Counts from 1 without a gap. */
  sequence: number;
  /** Digest of the entry before; null for the first. */
  previous: Digest | null;
  phase: "intended" | "done" | "undone";
  act: "promote" | "rollback";
  image: Image;
  /** Digest of the model in the image: what the platform must say after the act. */
  modelDigest: Digest;
  /** What the environment ran before the act, as the platform said; null when nothing ran. */
  before: Image | null;
  /** Digest of the verdict statement the act rests on; null for a rollback to a release promoted earlier. */
  verdict: Digest | null;
  reason: string;
  actor: string;
  at: string;
}

/** The digest that the next entry names. */
export const entryDigest = (entry: LedgerEntry): Digest => digestOf(entry as unknown as Json);

/**
 * Checks a chain from first to last: sequence without a gap, each entry naming the digest of the one before.
 * @returns the sequence number of the first broken link, or null.
 */
export function brokenLink(entries: readonly LedgerEntry[]): number | null {
  let previous: Digest | null = null;
  for (const [index, entry] of entries.entries()) {
    if (entry.sequence !== index + 1 || entry.previous !== previous) return index + 1;
    previous = entryDigest(entry);
  }
  return null;
}

/** The act that was intended and neither done nor undone: what a killed run left behind. */
export const openAct = (entries: readonly LedgerEntry[]): LedgerEntry | null => {
  const last = entries.at(-1);
  return last?.phase === "intended" ? last : null;
};

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
