import { bytesSource, emptyConfig, mediaTypes } from "../../src/adapters/oci/content.ts";
import type { OciStore } from "../../src/adapters/oci/store.ts";
import type { Image } from "../../src/domain/image.ts";

/** Puts an image that holds nothing but its name. */
export async function putImage(store: OciStore, name: string): Promise<Image> {
  const { signal } = new AbortController();
  const { digest, size } = await store.pushBlob(bytesSource(emptyConfig), null, signal);
  const config = { mediaType: mediaTypes.config, digest, size };
  const body = { schemaVersion: 2, mediaType: mediaTypes.manifest, config, layers: [], annotations: { name } };
  const bytes = new TextEncoder().encode(JSON.stringify(body));
  const image = await store.putManifest({ mediaType: mediaTypes.manifest, bytes }, signal);
  return { repository: store.repository, digest: image };
}
