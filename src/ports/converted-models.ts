import type { Digest } from "../domain/digest.ts";

/** Models that a conversion made, kept by what they were made from: nothing is made twice, and nothing of the user's is written over. */
export interface ConvertedModels {
  /** Where what was made under a key is; null when it was not. */
  find(key: Digest, name: string): Promise<string | null>;
  /**
   * Makes it: `work` is given a path to write to, which becomes the place under the key whole or not at all.
   * @throws UserError `model.not-found` when work wrote nothing; what work throws.
   */
  make(key: Digest, name: string, work: (path: string) => Promise<void>): Promise<string>;
  /** The digest of a file the user names, from the folder of the configuration; null when there is none. */
  digestOf(path: string): Promise<Digest | null>;
}
