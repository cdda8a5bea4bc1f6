import type { Digest } from "../../../domain/digest.ts";
import { bytesSource, emptyConfig, mediaTypes } from "../../oci/content.ts";
import type { Descriptor, OciStore } from "../../oci/store.ts";

/** An OCI 1.1 artifact: small layers of one type, no config. */
interface Artifact {
  artifactType: string;
  layers: readonly Descriptor[];
  /** What it refers to; null: nothing. */
  subject: Descriptor | null;
  annotations: Readonly<Record<string, string>>;
  tag?: string;
}

/** Sends a layer's bytes unless they are there. */
export async function pushLayer(
  store: OciStore,
  mediaType: string,
  bytes: Uint8Array,
  signal: AbortSignal,
): Promise<Descriptor> {
  const { digest, size } = await store.pushBlob(bytesSource(bytes), null, signal);
  return { mediaType, digest, size };
}

/** The bytes of an artifact's manifest: the same artifact has the same bytes. An artifact without layers gets the empty one. */
export function artifactBytes({ artifactType, layers, subject, annotations }: Artifact): Uint8Array {
  const empty = { mediaType: mediaTypes.empty, digest: bytesSource(emptyConfig).digest, size: emptyConfig.length };
  return new TextEncoder().encode(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: mediaTypes.manifest,
      artifactType,
      config: empty,
      layers: layers.length > 0 ? layers : [empty],
      ...(subject && { subject }),
      annotations,
    }),
  );
}

/**
 * Puts an artifact, after its layers were pushed
 * (https://github.com/opencontainers/image-spec/blob/v1.1.0/manifest.md#guidelines-for-artifact-usage).
 */
export async function putArtifact(store: OciStore, artifact: Artifact, signal: AbortSignal): Promise<Digest> {
  await pushLayer(store, mediaTypes.empty, emptyConfig, signal);
  const tag = artifact.tag === undefined ? {} : { tag: artifact.tag };
  return store.putManifest({ mediaType: mediaTypes.manifest, bytes: artifactBytes(artifact), ...tag }, signal);
}
