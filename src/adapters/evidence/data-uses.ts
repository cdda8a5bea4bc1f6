import { type Digest, hex } from "../../domain/digest.ts";
import type { DataUses } from "../../ports/data-uses.ts";
import type { OciStore } from "../oci/store.ts";
import { putArtifact } from "./artifact/manifest.ts";

const artifactType = "application/vnd.modelgate.data-use.v1+json";

/** A tag has at most 128 characters: half a digest tells data apart, and a whole one the image. */
const prefixOf = (data: Digest): string => `modelgate-data-${hex(data).slice(0, 32)}-`;

/**
 * Uses of data beside a model's images: a tag for each image that was judged on them. Tags are only added, so that no count is
 * lost between two writers, and what is listed is what a clean-up of the registry left.
 */
export function createDataUses(store: OciStore): DataUses {
  return {
    async record(data, image, signal) {
      const prefix = prefixOf(data);
      const tag = `${prefix}${hex(image)}`;
      const known = await store.tags(prefix, signal);
      if (known.includes(tag)) return known.length;
      const annotations = { "dev.modelgate.data": data, "dev.modelgate.image": image };
      await putArtifact(store, { artifactType, layers: [], subject: null, annotations, tag }, signal);
      return known.length + 1;
    },
  };
}
