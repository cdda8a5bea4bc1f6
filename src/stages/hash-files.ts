import { hasher } from "../domain/digest.ts";
import type { ModelFile } from "../domain/model.ts";
import type { ModelBytes } from "../ports/model-source.ts";

/** Reads every file once, in order, for its digest. @param progress the share of the bytes that are read, 0 to 1. */
export async function hashFiles(
  files: readonly ModelBytes[],
  signal: AbortSignal,
  progress: (share: number) => void = () => undefined,
): Promise<ModelFile[]> {
  const total = files.reduce((sum, file) => sum + file.bytes, 0);
  let done = 0;
  const hashed: ModelFile[] = [];
  for (const file of files) {
    const hash = hasher();
    for await (const chunk of file.stream(signal)) {
      hash.update(chunk);
      done += chunk.length;
      progress(total === 0 ? 1 : done / total);
    }
    hashed.push({ path: file.path, bytes: file.bytes, digest: hash.digest() });
  }
  return hashed;
}
