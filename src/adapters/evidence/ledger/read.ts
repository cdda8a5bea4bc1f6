import { type Digest, short } from "../../../domain/digest.ts";
import { type Entries, misfits, missing } from "../../../domain/history.ts";
import type { LedgerEntry } from "../../../domain/ledger.ts";
import type { Problem } from "../../../domain/problem.ts";
import type { OciStore } from "../../oci/store.ts";
import { inParallel } from "../../system/parallel.ts";
import { type Checkpoint, type Pages, readCheckpoint } from "./checkpoint.ts";
import { readEntry } from "./entry.ts";
import { readHead } from "./head.ts";
import { ledgerTags, readTags, type Tagged } from "./tags.ts";

/** Requests for entries under way at a time. */
const entriesAtOnce = 16;

/** Where the history of an environment is. */
export interface LedgerPlace {
  store: OciStore;
  environment: string;
}

/** What is known of a history from reading it. */
export interface Known {
  entries: Entries;
  /** The longest checkpoint. */
  checkpoint: Checkpoint | null;
}

export const nothingKnown: Known = { entries: new Map(), checkpoint: null };

/** A history as it was read, and what does not hold in it. */
export interface History extends Known {
  breaches: readonly Problem[];
}

/** Who says that an entry must be there. */
type Witnesses = Map<Digest, string[]>;

const testify = (witnesses: Witnesses, digest: Digest, who: string): void => {
  const known = witnesses.get(digest);
  if (known) known.push(who);
  else witnesses.set(digest, [who]);
};

const namesAtMost = 3;

/** Reads the entries that tags, heads, checkpoints and other entries name, until none is named that was not asked for. */
class Reading {
  readonly #place: LedgerPlace;
  readonly #signal: AbortSignal;
  readonly found: Map<Digest, LedgerEntry>;
  readonly witnesses: Witnesses = new Map();
  readonly breaches: Problem[] = [];
  readonly #asked = new Set<Digest>();

  constructor(place: LedgerPlace, found: Map<Digest, LedgerEntry>, signal: AbortSignal) {
    this.#place = place;
    this.#signal = signal;
    this.found = found;
  }

  breach(why: string): void {
    const { environment, store } = this.#place;
    this.breaches.push({
      code: "ledger.broken",
      message: `the ledger of ${environment} in ${store.repository} does not hold: ${why}`,
      hint: `Nothing is changed while the history is in doubt. Find out who else writes to ${store.repository}, and put back what is gone; to begin a new history, use another repository or environment name.`,
    });
  }

  /** Reads one entry under its own tag, whatever a list of tags said: lists are made page by page while others write. */
  async #ask(digest: Digest): Promise<void> {
    const { store, environment } = this.#place;
    const tag = ledgerTags(environment).entry(digest);
    try {
      const entry = await readEntry(store, tag, digest, this.#signal);
      if (entry) this.found.set(digest, entry);
      const named = this.witnesses.get(digest) ?? [];
      const more = named.length > namesAtMost ? ` and ${named.length - namesAtMost} more` : "";
      if (!entry)
        this.breach(`the entry ${digest} is gone; it is known from ${named.slice(0, namesAtMost).join(", ")}${more}`);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      this.breach(`the entry ${digest} was changed: ${error.message}`);
    }
  }

  async askAll(digests: Iterable<Digest>): Promise<void> {
    let wanted = [...digests].filter((digest) => !this.#asked.has(digest));
    while (wanted.length > 0) {
      for (const digest of wanted) this.#asked.add(digest);
      await inParallel(wanted, entriesAtOnce, (digest) => this.#ask(digest));
      wanted = [];
      for (const [gone, namedBy] of missing(this.found)) {
        if (this.#asked.has(gone)) continue;
        for (const digest of namedBy) testify(this.witnesses, gone, `the entry ${short(digest)}`);
        wanted.push(gone);
      }
    }
  }
}

/**
 * Reads the history of an environment: the longest sound checkpoint, the entries that it does not hold, and the head. Every
 * entry that anything names must be there. With `every`, each entry is read itself and each checkpoint is compared with them.
 * @param known what was read before: entries are named by what they hold, so they cannot have changed.
 */
export async function readHistory(
  place: LedgerPlace,
  known: Known,
  { every }: { every: boolean },
  signal: AbortSignal,
): Promise<History> {
  const { store, environment } = place;
  const tags = ledgerTags(environment);
  const tagged = readTags(environment, await store.tags(tags.prefix, signal));
  const found = new Map([...known.entries].filter(([digest]) => tagged.entries.has(digest)));
  const reading = new Reading(place, found, signal);
  const wanted = new Set(tagged.entries);
  for (const digest of tagged.entries) testify(reading.witnesses, digest, "the list of tags");
  for (const digest of known.entries.keys())
    if (!found.has(digest)) {
      wanted.add(digest);
      testify(reading.witnesses, digest, "this run, which read it before");
    }
  const head = await headOf(reading, place, signal);
  if (head) wanted.add(head);
  const all = found.size > 0 && found.size === tagged.entries.size;
  const checkpoints = all ? [] : await checkpointsOf(reading, place, { tagged, every }, signal);
  for (const { entries } of checkpoints)
    for (const [digest, entry] of entries) {
      if (every || !tagged.entries.has(digest)) wanted.add(digest);
      else reading.found.set(digest, entry);
    }
  await reading.askAll([...wanted].filter((digest) => !reading.found.has(digest)));
  for (const { entries } of checkpoints)
    for (const [digest, entry] of entries) if (!reading.found.has(digest)) reading.found.set(digest, entry);
  for (const { digest, why } of misfits(reading.found)) reading.breach(`the entry ${digest} ${why}`);
  for (const [digest, entry] of reading.found)
    if (entry.environment !== environment) reading.breach(`the entry ${digest} is about ${entry.environment}`);
  return { entries: reading.found, checkpoint: checkpoints[0] ?? known.checkpoint, breaches: reading.breaches };
}

async function headOf(reading: Reading, { store, environment }: LedgerPlace, signal: AbortSignal) {
  try {
    const head = await readHead(store, ledgerTags(environment).head, signal);
    if (head) testify(reading.witnesses, head, "the head");
    return head;
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    reading.breach(`its head cannot be read: ${error.message}`);
    return null;
  }
}

/** The longest sound checkpoint, or all sound ones. A damaged one is passed over: it holds nothing that is not elsewhere. */
async function checkpointsOf(
  reading: Reading,
  { store }: LedgerPlace,
  { tagged, every }: { tagged: Tagged; every: boolean },
  signal: AbortSignal,
): Promise<readonly Checkpoint[]> {
  const sound: Checkpoint[] = [];
  const pages: Pages = new Map();
  for (const each of tagged.checkpoints) {
    try {
      const checkpoint = await readCheckpoint(store, each, pages, signal);
      for (const digest of checkpoint.entries.keys())
        if (every || !tagged.entries.has(digest))
          testify(reading.witnesses, digest, `the checkpoint of ${each.count} entries`);
      sound.push(checkpoint);
      if (!every) return sound;
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      if (every) reading.breach(`the checkpoint ${each.tag} cannot be used: ${error.message}`);
    }
  }
  return sound;
}
