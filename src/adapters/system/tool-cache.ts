import { mkdir } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { cacheDir, extractTar, find } from "@actions/tool-cache";
import { withLock } from "./files.ts";

/**
 * Prepares the tool cache outside a runner: the library reads its two folders from the environment, which a terminal does
 * not set. On a runner they are left as they are.
 */
export function prepareToolCache(): void {
  process.env["RUNNER_TOOL_CACHE"] ||= join(homedir(), ".cache/modelgate/tools");
  process.env["RUNNER_TEMP"] ||= tmpdir();
}

/** The library writes the runner's log commands to standard output, where a terminal's results belong. */
async function quietly<T>(work: () => Promise<T>): Promise<T> {
  const write = process.stdout.write.bind(process.stdout);
  process.stdout.write = () => true;
  try {
    return await work();
  } finally {
    process.stdout.write = write;
  }
}

/** How long a process waits for another one that fetches the same tool. */
const patience = 15 * 60_000;

/** A cached folder; made once by `make`, which fills a folder it is given. Other processes wait for it. */
export async function cached(
  tool: { name: string; version: string; architecture: string },
  make: (folder: string) => Promise<void>,
  temporary: string,
): Promise<string> {
  const { name, version, architecture } = tool;
  const known = () => quietly(async () => find(name, version, architecture));
  const lock = join(process.env["RUNNER_TOOL_CACHE"]!, `${name}-${version}-${architecture}.lock`);
  return (
    (await known()) ||
    withLock(
      lock,
      async () => {
        const found = await known();
        if (found) return found;
        await mkdir(temporary, { recursive: true });
        await make(temporary);
        return quietly(() => cacheDir(temporary, name, version, architecture));
      },
      patience,
    )
  );
}

/** Unpacks a gzipped tar. */
export const unpackTar = (archive: string, folder: string): Promise<string> =>
  quietly(() => extractTar(archive, folder));
