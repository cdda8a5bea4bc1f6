import type { Builder } from "../../ports/builder.ts";
import type { OpenStore } from "../oci/store.ts";
import { buildImage, describeImage, imageSize } from "./image/assemble.ts";

/** Builds into a repository of a registry, over the distribution API and without a daemon. */
export const registryBuilder = (options: {
  repository: string;
  openStore: OpenStore;
  architecture: string;
}): Builder => ({
  kind: "registry",
  build: (plan, signal) => buildImage(plan, options.repository, options, signal),
  describe: (image, signal) => describeImage(image, options.openStore, signal),
  size: (image, signal) => imageSize(image, options.openStore, signal),
});
