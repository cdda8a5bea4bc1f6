import { createHash } from "node:crypto";
import { mkdir, open, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { parseDigest } from "../../domain/digest.ts";
import type { RunFiles } from "../../ports/run-files.ts";

/** Files of a run in a folder, written whole or not at all. */
export const runFiles = (folder: string): RunFiles => ({
  path: (name) => join(folder, name),
  async write(name, lines) {
    const path = join(folder, name);
    const temporary = `${path}.${process.pid}.part`;
    await mkdir(dirname(path), { recursive: true });
    const hash = createHash("sha256");
    const file = await open(temporary, "w");
    try {
      for await (const line of lines) {
        const text = `${line}\n`;
        hash.update(text);
        await file.write(text);
      }
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path).catch(async (error: unknown) => {
      await rm(temporary, { force: true });
      throw error;
    });
    return { path, digest: parseDigest(`sha256:${hash.digest("hex")}`) };
  },
});
