import { hasher } from "../../../domain/digest.ts";
import { type Model, type ModelFile, modelDigest } from "../../../domain/model.ts";

/** Hashes files one after the other as a platform hands them out, into the digest over the whole model. */
export function modelHasher(): {
  add(path: string, chunks: AsyncIterable<Uint8Array>): Promise<void>;
  digest(): Model["digest"];
} {
  const files: ModelFile[] = [];
  return {
    async add(path, chunks) {
      const hash = hasher();
      let bytes = 0;
      for await (const chunk of chunks) {
        hash.update(chunk);
        bytes += chunk.length;
      }
      files.push({ path, bytes, digest: hash.digest() });
    },
    digest: () => modelDigest(files),
  };
}
