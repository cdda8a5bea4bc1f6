import { readManifest, referrerDescriptor } from "../../../src/adapters/oci/content.ts";
import type { Descriptor } from "../../../src/adapters/oci/store.ts";
import { sha256 } from "../../../src/domain/digest.ts";

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

/** A connection that is cut when some bytes are there. */
export class Cut extends Error {
  readonly bytes: Buffer;
  constructor(bytes: Buffer) {
    super("cut");
    this.bytes = bytes;
  }
}

export const errorBody = (code: string, message: string): string => JSON.stringify({ errors: [{ code, message }] });
