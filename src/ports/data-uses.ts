import type { Digest } from "../domain/digest.ts";

/** How often labelled data have judged: who tries often enough passes by luck, and a model is fitted to what it is tried on. */
export interface DataUses {
  /**
   * Records that a model image is judged on data; the same twice is once.
   * @returns how many images are recorded for these data, this one included.
   */
  record(data: Digest, image: Digest, signal: AbortSignal): Promise<number>;
}
