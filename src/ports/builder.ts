import type { Image } from "../domain/image.ts";
import type { Model } from "../domain/model.ts";
import type { Release } from "../domain/release.ts";
import type { ModelBytes } from "./model-source.ts";
import type { RuntimePlan } from "./runtime.ts";

export interface BuildPlan {
  model: Model;
  files: readonly ModelBytes[];
  runtime: RuntimePlan;
  /** Reference of the base image (tag or digest), or null for an image without one. */
  base: string | null;
}

export interface BuildResult {
  release: Release;
  /** The base as resolved to a digest; null without one. */
  base: Image | null;
  /** Blob bytes sent, and blob bytes that were there already. */
  sentBytes: number;
  reusedBytes: number;
}

/** Makes images without a daemon and reads them back. */
export interface Builder {
  readonly kind: string;
  /** Same plan, same digest, on every machine; what is there already is not sent again. */
  build(plan: BuildPlan, signal: AbortSignal): Promise<BuildResult>;
  /** Reads the release back from an image. @throws UserError `release.not-found`, `release.unreadable`. */
  describe(image: Image, signal: AbortSignal): Promise<Release>;
  /** Bytes that a pull of the image takes where nothing of it is: its layers as they are stored, and its configuration. @throws UserError `release.not-found`. */
  size(image: Image, signal: AbortSignal): Promise<number>;
}
