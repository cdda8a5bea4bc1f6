import { z } from "zod";
import { canonicalJson, type Json } from "../../../domain/canonical.ts";
import { type Digest, sha256 } from "../../../domain/digest.ts";
import { byDigest, type Entries, inOrder, missing } from "../../../domain/history.ts";
import { readManifest, wholeBlob } from "../../oci/content.ts";
import type { Descriptor, OciStore } from "../../oci/store.ts";
import { inParallel } from "../../system/parallel.ts";
import { artifactBytes, pushLayer, putArtifact } from "../artifact/manifest.ts";
import { asDamage, ledgerEntry, parsed } from "./entry.ts";
import type { LedgerTags } from "./tags.ts";

const checkpointType = "application/vnd.modelgate.ledger.checkpoint.v1+json";
const pageLimit = 4 * 2 ** 20;
const pagesAtOnce = 8;

/** A page is never written again, and the next checkpoint names the same ones: 10,000 entries are 79 pages, each kept once. */
export const pageLength = 128;

/** Entries in pages, closed under their parents: what a reader takes at once. */
export interface Checkpoint {
  pages: readonly Descriptor[];
  entries: Entries;
}

/** Pages that were read, by their digests: checkpoints have most of them in common. */
export type Pages = Map<Digest, Entries>;

const page = z.strictObject({ entries: z.array(ledgerEntry).min(1) });

async function readPage(store: OciStore, descriptor: Descriptor, read: Pages, signal: AbortSignal): Promise<Entries> {
  const known = read.get(descriptor.digest);
  if (known) return known;
  const bytes = await wholeBlob(store, descriptor, pageLimit, signal).catch(asDamage);
  const entries = byDigest(parsed(bytes, page).entries);
  read.set(descriptor.digest, entries);
  return entries;
}

/** @throws RangeError when it cannot be read, is not what its tag says, or leaves out what it names. */
export async function readCheckpoint(
  store: OciStore,
  { tag, count, digest }: { tag: string; count: number; digest: Digest },
  read: Pages,
  signal: AbortSignal,
): Promise<Checkpoint> {
  const manifest = await store.manifest(tag, signal).catch(asDamage);
  if (!manifest) throw new RangeError("it is gone");
  if (manifest.digest !== digest) throw new RangeError(`its tag holds ${manifest.digest}`);
  const { layers: pages = [] } = readManifest(manifest, store.repository);
  if (pages.some(({ mediaType, size }) => mediaType !== checkpointType || !(size <= pageLimit)))
    throw new RangeError("it is not a list of pages");
  const contents = await inParallel(pages, pagesAtOnce, (each) => readPage(store, each, read, signal));
  const entries = new Map(contents.flatMap((content) => [...content]));
  if (entries.size !== count) throw new RangeError(`it has ${entries.size} entries, not ${count}`);
  const [gone] = missing(entries).keys();
  if (gone) throw new RangeError(`it leaves out ${gone}`);
  return { pages, entries };
}

/**
 * Writes a longer checkpoint when a full page of entries has come behind the last one. The first in order go into the page, so
 * that it holds no entry without its parents. @returns the longest checkpoint there is.
 */
export async function extendCheckpoint(
  { store, tags }: { store: OciStore; tags: LedgerTags },
  { last, entries }: { last: Checkpoint | null; entries: Entries },
  signal: AbortSignal,
): Promise<Checkpoint | null> {
  const behind = inOrder(new Map([...entries].filter(([digest]) => !last?.entries.has(digest))));
  const full = behind.length - (behind.length % pageLength);
  if (full === 0) return last;
  const pages = [...(last?.pages ?? [])];
  for (let at = 0; at < full; at += pageLength) {
    const content = { entries: behind.slice(at, at + pageLength) } as unknown as Json;
    pages.push(await pushLayer(store, checkpointType, new TextEncoder().encode(canonicalJson(content)), signal));
  }
  const held = new Map([...(last?.entries ?? []), ...byDigest(behind.slice(0, full))]);
  const artifact = { artifactType: checkpointType, layers: pages, subject: null, annotations: {} };
  const tag = tags.checkpoint(held.size, sha256(artifactBytes(artifact)));
  await putArtifact(store, { ...artifact, tag }, signal);
  return { pages, entries: held };
}
