import { type Digest, sha256 } from "../../src/domain/digest.ts";
import { WorldError } from "../../src/domain/problem.ts";
import type { Release, Running } from "../../src/domain/release.ts";
import type { Platform } from "../../src/ports/platform.ts";

/** A platform in memory. */
export interface FakePlatform extends Platform {
  /** What runs; a test may change it behind modelgate's back. */
  running: Running | null;
  /** Images that never become ready. */
  readonly neverReady: Set<Digest>;
  /** Images whose model bytes change on the way to this platform. */
  readonly tampered: Set<Digest>;
  /** Image digests in the order they were deployed. */
  readonly deployed: Digest[];
}

export function fakePlatform(): FakePlatform {
  const platform: FakePlatform = {
    kind: "fake",
    running: null,
    neverReady: new Set(),
    tampered: new Set(),
    deployed: [],
    async deploy({ image, model, protocol }: Release, signal) {
      signal.throwIfAborted();
      if (platform.neverReady.has(image.digest)) throw notReady(image.digest);
      const replaced = platform.running;
      const modelDigest = platform.tampered.has(image.digest) ? sha256("other bytes") : model.digest;
      if (replaced?.image.digest !== image.digest || replaced.modelDigest !== modelDigest) {
        platform.deployed.push(image.digest);
        const endpoint = { url: `http://127.0.0.1:${8000 + platform.deployed.length}`, protocol };
        platform.running = { image, modelDigest, endpoint };
        return { running: platform.running, replaced, interruption: "" };
      }
      return { running: replaced, replaced, interruption: "" };
    },
    async current(signal) {
      signal.throwIfAborted();
      return platform.running;
    },
    async remove(signal) {
      signal.throwIfAborted();
      platform.running = null;
    },
  };
  return platform;
}

const notReady = (digest: Digest): WorldError =>
  new WorldError(
    {
      code: "platform.not-ready",
      message: `${digest} did not become ready; its last lines: cannot load model: unsupported opset`,
      hint: "Read the lines above.",
    },
    { side: "platform fake", during: "waiting until it is ready", retryable: false },
  );
