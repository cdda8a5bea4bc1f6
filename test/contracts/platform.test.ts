import { fakePlatform } from "../fakes/platform.ts";
import { releaseOf } from "../fakes/release.ts";
import { platformContract } from "./platform.ts";

platformContract("fake", async () => {
  const platform = fakePlatform();
  const broken = releaseOf("never-ready");
  platform.neverReady.add(broken.image.digest);
  return {
    platform,
    release: async (variant) => (variant === "never-ready" ? broken : releaseOf(variant)),
    dispose: async () => undefined,
  };
});
