import { createOpenStore } from "../../../src/adapters/oci/open.ts";
import type { BlobSource, OciStore } from "../../../src/adapters/oci/store.ts";
import { sha256 } from "../../../src/domain/digest.ts";
import type { FakeRegistry } from "../registry.ts";

export const login = { username: "ada", password: "s3cret:pass" };
export const token = { kind: "token", ...login, seconds: 300, uses: 1e9, withholds: /^$/ } as const;

/** A repository of a fake registry, as a user with this login has it. */
export function storeOf(
  registry: FakeRegistry,
  repository = "acme/digits",
  credentials: typeof login | null = login,
): OciStore {
  const auths = credentials
    ? { [registry.host]: { auth: btoa(`${credentials.username}:${credentials.password}`) } }
    : {};
  return createOpenStore({
    layoutFolder: "/nowhere",
    dockerConfig: { auths },
    runHelper: () => Promise.reject(new Error("no helper is configured")),
  })(`${registry.host}/${repository}`);
}

/** A blob that counts how often it is read. */
export function blobOf(size: number, known = false): BlobSource & { bytes: Buffer; opened: number } {
  const bytes = Buffer.from(Array.from({ length: size }, (_, index) => (index * 31 + (index >> 8)) & 255));
  const blob = {
    bytes,
    opened: 0,
    size,
    digest: known ? sha256(bytes) : null,
    async *open() {
      blob.opened++;
      for (let at = 0; at < size; at += 60_000) yield bytes.subarray(at, at + 60_000);
    },
  };
  return blob;
}

export async function readAll(store: OciStore, blob: { bytes: Buffer }): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of store.blob(sha256(blob.bytes), new AbortController().signal)) chunks.push(chunk);
  return Buffer.concat(chunks);
}
