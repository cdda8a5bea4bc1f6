import type { Image } from "../domain/image.ts";
import type { Release } from "../domain/release.ts";
import type { EvidenceStore } from "./evidence-store.ts";

/** How much a bundle holds. */
export interface BundleSize {
  blobs: number;
  bytes: number;
}

/** A release with all that is stated about it, opened from a folder. Everything in it is a claim until it is verified. */
export interface Bundle {
  readonly image: Image;
  readonly evidence: EvidenceStore;
  describe(image: Image, signal: AbortSignal): Promise<Release>;
  /** Reads every byte against its digest. @throws UserError `bundle.damaged` naming what is missing or altered. */
  check(signal: AbortSignal): Promise<BundleSize>;
  /** Copies the image and its evidence to the repository of the configuration; what is there already is not sent. */
  unpack(signal: AbortSignal): Promise<Image>;
}

/** Releases in folders, to be carried into a room without a network. */
export interface Bundles {
  /**
   * Writes an image and all its evidence as an OCI image layout, whole or not at all, with files beside it.
   * @throws UserError `bundle.path` when something is there already.
   */
  write(image: Image, path: string, files: Readonly<Record<string, string>>, signal: AbortSignal): Promise<BundleSize>;
  /** @throws UserError `bundle.damaged` when the folder is no bundle. */
  open(path: string, signal: AbortSignal): Promise<Bundle>;
}
