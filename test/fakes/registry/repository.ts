import { readManifest, referrerDescriptor } from "../../../src/adapters/oci/content.ts";
import type { Descriptor } from "../../../src/adapters/oci/store.ts";
import { sha256 } from "../../../src/domain/digest.ts";
import type { Switches } from "./switches.ts";

/** What a fake registry keeps of one repository. */
export interface Repository {
  blobs: Map<string, Buffer>;
  manifests: Map<string, { mediaType: string; bytes: Buffer }>;
  tags: Map<string, string>;
}

export const referrersOf = (subject: string, manifests: Repository["manifests"]): Descriptor[] =>
  [...manifests.values()].flatMap(({ mediaType, bytes }) => {
    const stored = { digest: sha256(bytes), mediaType, bytes };
    const body = readManifest(stored, "fake");
    return body.subject?.digest === subject ? [referrerDescriptor(stored, body)] : [];
  });

/** One answer to a list of tags, and the tag behind which a link goes on; null: there is no such repository. */
export function tagsOf(
  { manifests, tags }: Repository,
  url: URL,
  switches: Switches,
): { tags: string[]; last: string | null } | null {
  if (manifests.size === 0) return null;
  const all = [...tags.keys()].toSorted();
  if (switches.tags === "all") return { tags: all, last: null };
  const [n, last] = [Number(url.searchParams.get("n") ?? Number.POSITIVE_INFINITY), url.searchParams.get("last")];
  const rest = all.filter((tag) => last === null || tag > last);
  const page = rest.slice(0, switches.tags === "links" ? Math.min(n, switches.pageEntries) : n);
  return { tags: page, last: switches.tags === "links" && page.length < rest.length ? page.at(-1)! : null };
}

/** A connection that is cut when some bytes are there. */
export class Cut extends Error {
  readonly bytes: Buffer;
  constructor(bytes: Buffer) {
    super("cut");
    this.bytes = bytes;
  }
}

export const errorBody = (code: string, message: string): string => JSON.stringify({ errors: [{ code, message }] });
