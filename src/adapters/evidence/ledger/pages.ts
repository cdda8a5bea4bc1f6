import { canonicalJson, type Json } from "../../../domain/canonical.ts";
import type { Digest } from "../../../domain/digest.ts";
import type { LedgerEntry } from "../../../domain/ledger.ts";
import { readManifest, wholeBlob } from "../../oci/content.ts";
import type { Descriptor, OciStore } from "../../oci/store.ts";
import { pushLayer, putArtifact } from "../artifact/manifest.ts";
import { parsePage } from "./entry.ts";

const ledgerType = "application/vnd.modelgate.ledger.v1+json";
const pageLength = 256;
const pageLimit = 4 * 2 ** 20;

/** What a ledger's tag points at: the manifest, and its pages in order. */
export interface Head {
  digest: Digest;
  pages: readonly Descriptor[];
}

/** The head of a ledger, or null when there is no history. @throws RangeError when the manifest is not a ledger's. */
export async function readHead(store: OciStore, tag: string, signal: AbortSignal): Promise<Head | null> {
  const manifest = await store.manifest(tag, signal);
  if (!manifest) return null;
  const { artifactType, layers = [] } = readManifest(manifest, store.repository);
  if (artifactType !== ledgerType) throw new RangeError(`the tag ${tag} points at ${artifactType ?? "an image"}`);
  const odd = layers.find(({ mediaType, size }) => mediaType !== ledgerType || !(size <= pageLimit));
  if (odd || layers.length === 0) throw new RangeError(`${manifest.digest} is not a list of pages`);
  return { digest: manifest.digest, pages: layers };
}

/** The entries of one page. @throws RangeError when it cannot be read. */
export const readPage = async (store: OciStore, page: Descriptor, signal: AbortSignal): Promise<LedgerEntry[]> =>
  parsePage(await wholeBlob(store, page, pageLimit, signal));

/**
 * Writes a page with one entry more. Pages hold 256 entries; a full one is never written again, so 10,000 entries are one
 * manifest and 40 blobs, all kept alive by the one tag. @returns the pages of the next head.
 */
export async function extend(
  store: OciStore,
  head: Head | null,
  entries: { ofLastPage: readonly LedgerEntry[]; added: LedgerEntry },
  signal: AbortSignal,
): Promise<Descriptor[]> {
  const { ofLastPage, added } = entries;
  const pages = head?.pages ?? [];
  const full = ofLastPage.length >= pageLength;
  const content = { entries: full ? [added] : [...ofLastPage, added] };
  const bytes = new TextEncoder().encode(canonicalJson(content as unknown as Json));
  const page = await pushLayer(store, ledgerType, bytes, signal);
  return [...(full ? pages : pages.slice(0, -1)), page];
}

/** Points the tag at pages. */
export const putHead = (
  store: OciStore,
  tag: string,
  pages: readonly Descriptor[],
  signal: AbortSignal,
): Promise<Digest> =>
  putArtifact(store, { artifactType: ledgerType, layers: pages, subject: null, annotations: {}, tag }, signal);
