import { mkdir, open, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { hasher } from "../../domain/digest.ts";
import type { RunFiles } from "../../ports/run-files.ts";

/** Lines are written together until they make so many characters. */
const chunkLength = 2 ** 16;

/** Lines with their ends, in chunks worth a write. */
async function* chunks(lines: Iterable<string> | AsyncIterable<string>): AsyncIterable<Buffer> {
  let text = "";
  for await (const line of lines) {
    text += `${line}\n`;
    if (text.length < chunkLength) continue;
    yield Buffer.from(text);
    text = "";
  }
  yield Buffer.from(text);
}

/** Files of a run in a folder, written whole or not at all. */
export const runFiles = (folder: string): RunFiles => ({
  path: (name) => join(folder, name),
  async write(name, lines) {
    const path = join(folder, name);
    const temporary = `${path}.${process.pid}.part`;
    await mkdir(dirname(path), { recursive: true });
    const hash = hasher();
    // Opened before anything can fail: a stream that opens it later would put it back after it was removed.
    const file = await open(temporary, "w");
    try {
      await pipeline(
        chunks(lines),
        async function* (parts: AsyncIterable<Buffer>) {
          for await (const part of parts) {
            hash.update(part);
            yield part;
          }
        },
        file.createWriteStream({ flush: true }),
      );
      await rename(temporary, path);
    } finally {
      await rm(temporary, { force: true });
    }
    return { path, digest: hash.digest() };
  },
});
