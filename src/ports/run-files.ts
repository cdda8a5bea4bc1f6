import type { Digest } from "../domain/digest.ts";

/** The files a run leaves for people: predictions, reports. */
export interface RunFiles {
  /** Where a file of this name is, or will be. */
  path(name: string): string;
  /** Writes a file whole or not at all, line by line. @returns where it is and the digest of its bytes. */
  write(name: string, lines: Iterable<string> | AsyncIterable<string>): Promise<{ path: string; digest: Digest }>;
}
