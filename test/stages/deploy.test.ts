import { expect, test } from "vitest";
import { sha256 } from "../../src/domain/digest.ts";
import { deploy } from "../../src/stages/deploy.ts";
import { fakePlatform } from "../fakes/platform.ts";
import { releaseOf } from "../fakes/release.ts";

const { signal } = new AbortController();
const release = releaseOf("a");

test("what was deployed is asked from the platform", async () => {
  const platform = fakePlatform();
  const deployment = await deploy(release, platform, signal);
  expect(deployment.running).toMatchObject({ image: release.image, modelDigest: release.model.digest });
  expect(deployment.replaced).toBeNull();
});

test("other model bytes on the platform are a mismatch that names both", async () => {
  const platform = fakePlatform();
  platform.tampered.add(release.image.digest);
  const deployed = deploy(release, platform, signal);
  await expect(deployed).rejects.toMatchObject({ problem: { code: "promote.digest-mismatch" }, retryable: false });
  await expect(deployed).rejects.toThrow(release.model.digest);
  await expect(deployed).rejects.toThrow(sha256("other bytes"));
});

test("another image, or nothing, on the platform is a mismatch whatever deploy said", async () => {
  for (const current of [releaseOf("b"), null]) {
    const inner = fakePlatform();
    const running = current && (await inner.deploy(current, signal)).running;
    const platform = { ...fakePlatform(), current: async () => running };
    const code = "promote.digest-mismatch";
    await expect(deploy(release, platform, signal)).rejects.toMatchObject({ problem: { code } });
  }
});

test("a platform that cannot get it ready speaks for itself", async () => {
  const platform = fakePlatform();
  platform.neverReady.add(release.image.digest);
  await expect(deploy(release, platform, signal)).rejects.toMatchObject({ problem: { code: "platform.not-ready" } });
});
