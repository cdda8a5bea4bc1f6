import { type Digest, isDigest } from "../../../domain/digest.ts";
import { readManifest } from "../../oci/content.ts";
import type { OciStore } from "../../oci/store.ts";
import { putArtifact } from "../artifact/manifest.ts";
import { asDamage } from "./entry.ts";

const headType = "application/vnd.modelgate.ledger.head.v1+json";
const annotation = "dev.modelgate.ledger.tip";

/** Points the head at an entry that was just written. It vouches for the newest entry, which no other names yet. */
export const putHead = (store: OciStore, tag: string, tip: Digest, signal: AbortSignal): Promise<Digest> =>
  putArtifact(
    store,
    { artifactType: headType, layers: [], subject: null, annotations: { [annotation]: tip }, tag },
    signal,
  );

/** The entry that the head names; null when there is no head. @throws RangeError when it names none. */
export async function readHead(store: OciStore, tag: string, signal: AbortSignal): Promise<Digest | null> {
  const manifest = await store.manifest(tag, signal).catch(asDamage);
  if (!manifest) return null;
  const tip = readManifest(manifest, store.repository).annotations?.[annotation];
  if (tip !== undefined && isDigest(tip)) return tip;
  throw new RangeError("it names no entry");
}
