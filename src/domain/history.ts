import type { Digest } from "./digest.ts";
import { entryDigest, type LedgerEntry } from "./ledger.ts";

/** Entries under their digests, in any order. */
export type Entries = ReadonlyMap<Digest, LedgerEntry>;

/** Entries under their digests; one that is there twice is there once. */
export const byDigest = (entries: Iterable<LedgerEntry>): Map<Digest, LedgerEntry> =>
  new Map(Array.from(entries, (entry) => [entryDigest(entry), entry]));

type Named = readonly [Digest, LedgerEntry];

/** By time, and by digest where times are the same. */
const isBefore = ([a, { at: atA }]: Named, [b, { at: atB }]: Named): boolean => (atA === atB ? a < b : atA < atB);

/** Puts an entry into a list that is sorted from last to first. */
function insert(sorted: Named[], added: Named): void {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (isBefore(added, sorted[middle]!)) low = middle + 1;
    else high = middle;
  }
  sorted.splice(low, 0, added);
}

/**
 * The one order of a history, the same for every reader: an entry comes behind all it names, and of those that may come next the
 * one with the earlier (at, digest). An entry that names all the newest ones, as every writer's does, comes last and leaves the order
 * of the others as it was. What is named and not there is passed over: {@link missing} tells of it.
 */
export function inOrder(entries: Entries): LedgerEntry[] {
  const waitsFor = new Map<Digest, number>();
  const followers = new Map<Digest, Named[]>();
  const ready: Named[] = [];
  for (const [digest, entry] of entries) {
    const parents = new Set(entry.parents.filter((parent) => entries.has(parent)));
    waitsFor.set(digest, parents.size);
    for (const parent of parents) {
      const known = followers.get(parent);
      if (known) known.push([digest, entry]);
      else followers.set(parent, [[digest, entry]]);
    }
    if (parents.size === 0) insert(ready, [digest, entry]);
  }
  const ordered: LedgerEntry[] = [];
  for (let next = ready.pop(); next; next = ready.pop()) {
    ordered.push(next[1]);
    for (const follower of followers.get(next[0]) ?? []) {
      const left = waitsFor.get(follower[0])! - 1;
      waitsFor.set(follower[0], left);
      if (left === 0) insert(ready, follower);
    }
  }
  return ordered;
}

/** The entries that no other names, sorted: what the next entry names as its parents. */
export function tips(entries: Entries): readonly Digest[] {
  const named = new Set([...entries.values()].flatMap(({ parents }) => parents));
  return [...entries.keys()].filter((digest) => !named.has(digest)).toSorted();
}

/** What entries name that is not among them, with the digests of those that name it. */
export function missing(entries: Entries): ReadonlyMap<Digest, readonly Digest[]> {
  const gone = new Map<Digest, Digest[]>();
  for (const [digest, { parents, closes }] of entries)
    for (const named of new Set([...parents, ...(closes === null ? [] : [closes])]))
      if (!entries.has(named)) gone.set(named, [...(gone.get(named) ?? []), digest]);
  return gone;
}

/** Entries that were written at the same time: the groups of more than one behind the same parent, or at the beginning. */
export function forks(entries: Entries): readonly (readonly LedgerEntry[])[] {
  const behind = new Map<Digest | null, LedgerEntry[]>();
  for (const entry of inOrder(entries))
    for (const parent of entry.parents.length > 0 ? entry.parents : [null])
      behind.set(parent, [...(behind.get(parent) ?? []), entry]);
  const groups = new Map([...behind.values()].map((group) => [group.map(entryDigest).join(), group]));
  return [...groups.values()].filter((group) => group.length > 1);
}

/** Entries that end what they cannot end: an end, or another act. */
export function misfits(entries: Entries): readonly { digest: Digest; why: string }[] {
  return [...entries].flatMap(([digest, entry]) => {
    const act = entry.closes === null ? undefined : entries.get(entry.closes);
    const fits = !act || (act.phase === "intended" && act.act === entry.act && act.image.digest === entry.image.digest);
    return fits && (entry.phase !== "intended" || entry.closes === null)
      ? []
      : [{ digest, why: `ends ${entry.closes}, which is no act of its own` }];
  });
}
