import { embeddedHost } from "../../domain/image.ts";
import type { Builder } from "../../ports/builder.ts";
import type { OpenStore } from "../oci/store.ts";
import { buildImage, describeImage, imageSize } from "./image/assemble.ts";

/** Builds into the embedded registry: an OCI layout folder per model. */
export const layoutBuilder = (options: { model: string; openStore: OpenStore; architecture: string }): Builder => ({
  kind: "layout",
  build: (plan, signal) => buildImage(plan, `${embeddedHost}/${options.model}`, options, signal),
  describe: (image, signal) => describeImage(image, options.openStore, signal),
  size: (image, signal) => imageSize(image, options.openStore, signal),
});
