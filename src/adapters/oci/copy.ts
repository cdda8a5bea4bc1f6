import type { Digest } from "../../domain/digest.ts";
import { WorldError } from "../../domain/problem.ts";
import { mediaTypes, readManifest } from "./content.ts";
import type { Descriptor, OciStore, StoredManifest } from "./store.ts";

/** Evidence about evidence is as deep as referrers are followed: a loop of claims ends. */
const deepest = 4;

/** One manifest of a tree, and the blobs it names. */
export interface TreeNode {
  manifest: StoredManifest;
  blobs: readonly Descriptor[];
}

const absent = (store: OciStore, digest: Digest): WorldError =>
  new WorldError(
    {
      code: "registry.digest",
      message: `${store.repository} names the manifest ${digest} and does not have it`,
      hint: "Something was removed from it. Find out what, or make the release again.",
    },
    { side: store.repository, during: "reading an image and what refers to it", retryable: false },
  );

/**
 * An image and everything that refers to it, each manifest after what it names: children before their index, a subject
 * before its referrers.
 */
export async function* tree(
  store: OciStore,
  digest: Digest,
  signal: AbortSignal,
  seen = new Set<Digest>(),
  depth = 0,
): AsyncIterable<TreeNode> {
  if (seen.has(digest)) return;
  seen.add(digest);
  const manifest = await store.manifest(digest, signal);
  if (!manifest) throw absent(store, digest);
  const { config, layers = [], manifests = [] } = readManifest(manifest, store.repository);
  for (const child of manifests) yield* tree(store, child.digest, signal, seen, depth);
  yield { manifest, blobs: [...(config ? [config] : []), ...layers] };
  if (depth >= deepest) return;
  for (const referrer of await store.referrers(digest, null, signal))
    yield* tree(store, referrer.digest, signal, seen, depth + 1);
}

/** Copies an image and everything that refers to it. @returns how many blobs it has and their bytes. */
export async function copyTree(
  from: OciStore,
  to: OciStore,
  { digest, tag }: { digest: Digest; tag: string | null },
  signal: AbortSignal,
): Promise<{ blobs: number; bytes: number }> {
  const total = { blobs: 0, bytes: 0 };
  for await (const { manifest, blobs } of tree(from, digest, signal)) {
    for (const { digest: blob, size } of blobs) {
      await to.pushBlob({ digest: blob, size, open: (s) => from.blob(blob, s) }, null, signal);
      total.blobs += 1;
      total.bytes += size;
    }
    const named = tag !== null && manifest.digest === digest ? { tag } : {};
    const { mediaType, bytes } = manifest;
    await to.putManifest({ mediaType: mediaType || mediaTypes.manifest, bytes, ...named }, signal);
  }
  return total;
}

/** Reads every byte of an image and of what refers to it. @throws WorldError `registry.digest` at the first that is not its digest's. */
export async function checkTree(
  store: OciStore,
  digest: Digest,
  signal: AbortSignal,
): Promise<{ blobs: number; bytes: number }> {
  const total = { blobs: 0, bytes: 0 };
  const read = new Set<Digest>();
  for await (const { blobs } of tree(store, digest, signal))
    for (const blob of blobs) {
      if (read.has(blob.digest)) continue;
      read.add(blob.digest);
      let size = 0;
      for await (const chunk of store.blob(blob.digest, signal)) size += chunk.length;
      if (size !== blob.size)
        throw new WorldError(
          {
            code: "registry.digest",
            message: `the blob ${blob.digest} has ${size} bytes, and ${blob.size} are stated`,
            hint: "Do not use it.",
          },
          { side: store.repository, during: "checking every byte", retryable: false },
        );
      total.blobs += 1;
      total.bytes += size;
    }
  return total;
}
