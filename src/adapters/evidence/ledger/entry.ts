import { z } from "zod";
import { canonicalJson, type Json } from "../../../domain/canonical.ts";
import { type Digest, isDigest } from "../../../domain/digest.ts";
import { isRepository } from "../../../domain/image.ts";
import { entryDigest, type LedgerEntry } from "../../../domain/ledger.ts";
import { WorldError } from "../../../domain/problem.ts";
import { readManifest } from "../../oci/content.ts";
import type { OciStore } from "../../oci/store.ts";
import { pushLayer, putArtifact } from "../artifact/manifest.ts";

const entryType = "application/vnd.modelgate.ledger.entry.v1+json";

const digest = z.custom<Digest>((value) => typeof value === "string" && isDigest(value), "is not a sha256 digest");
const image = z.strictObject({ repository: z.string().refine(isRepository, "is not a repository"), digest });

export const ledgerEntry: z.ZodType<LedgerEntry> = z.strictObject({
  environment: z.string(),
  parents: z.array(digest),
  phase: z.enum(["intended", "done", "undone"]),
  closes: digest.nullable(),
  act: z.enum(["promote", "rollback"]),
  image,
  modelDigest: digest,
  before: image.nullable(),
  verdict: digest.nullable(),
  approval: z.string().nullable(),
  reason: z.string(),
  actor: z.string(),
  commit: z.string().nullable(),
  run: z.string().nullable(),
  lease: z.string(),
  at: z.iso.datetime(),
});

/** Reads JSON of a shape. @throws RangeError that says what is wrong with it. */
export function parsed<T>(bytes: Uint8Array, shape: z.ZodType<T>): T {
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new RangeError("it is not JSON", { cause });
  }
  const read = shape.safeParse(json);
  if (read.success) return read.data;
  const [issue] = read.error.issues;
  throw new RangeError(`${issue?.path.join(".") || "it"}: ${issue?.message}`);
}

/** Puts an entry under its tag. The entry is in the manifest too (`data` of its descriptor), so that one request reads it. */
export async function putEntry(store: OciStore, tag: string, entry: LedgerEntry, signal: AbortSignal): Promise<void> {
  const bytes = new TextEncoder().encode(canonicalJson(entry as unknown as Json));
  const layer = { ...(await pushLayer(store, entryType, bytes, signal)), data: Buffer.from(bytes).toString("base64") };
  const artifact = { artifactType: entryType, layers: [layer], subject: null, annotations: {}, tag };
  await putArtifact(store, artifact, signal);
}

/**
 * Reads the entry of a digest under its tag; null when there is none.
 * @throws RangeError when what is there is not the entry of that digest.
 */
export async function readEntry(
  store: OciStore,
  tag: string,
  digestOfEntry: Digest,
  signal: AbortSignal,
): Promise<LedgerEntry | null> {
  const manifest = await store.manifest(tag, signal).catch(asDamage);
  if (!manifest) return null;
  const { layers = [] } = readManifest(manifest, store.repository);
  const data: unknown = layers[0]?.data;
  if (typeof data !== "string") throw new RangeError("its tag points at something that is no entry");
  const entry = parsed(Buffer.from(data, "base64"), ledgerEntry);
  const found = entryDigest(entry);
  if (found !== digestOfEntry) throw new RangeError(`its tag holds the entry ${found}`);
  return entry;
}

/** Bytes that are not their digest's are an answer about the entry; all else is the world's. @throws RangeError */
export function asDamage(error: unknown): never {
  if (error instanceof WorldError && error.problem.code === "registry.digest")
    throw new RangeError(error.problem.message, { cause: error });
  throw error;
}
