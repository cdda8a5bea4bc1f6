import { randomUUID } from "node:crypto";
import { mkdir, open, readFile, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { setTimeout as wait } from "node:timers/promises";

const code = (error: unknown): string => (error instanceof Error && "code" in error ? String(error.code) : "");

/** Writes a file whole or not at all: a temporary file beside it, synced, then renamed over it. Makes its folder. */
export async function writeWhole(path: string, content: string | Uint8Array): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const temporary = `${path}.${randomUUID()}.part`;
  try {
    const file = await open(temporary, "wx");
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } finally {
    await rm(temporary, { force: true });
  }
}

const alive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return code(error) === "EPERM";
  }
};

/** Whether the lock's holder is gone. A lock without a readable pid is being written right now. */
async function abandoned(path: string): Promise<boolean> {
  const pid = Number(await readFile(path, "utf8").catch(() => ""));
  return Number.isInteger(pid) && pid > 0 && !alive(pid);
}

/**
 * Runs work while holding a lock file that names this process. A lock whose process is gone is taken over.
 * @throws Error when the lock is held for longer than `patience` milliseconds.
 */
export async function withLock<T>(path: string, work: () => Promise<T>, patience = 30_000): Promise<T> {
  await mkdir(dirname(path), { recursive: true });
  const deadline = performance.now() + patience;
  for (;;) {
    try {
      const file = await open(path, "wx");
      await file.writeFile(String(process.pid));
      await file.close();
      break;
    } catch (error) {
      if (code(error) !== "EEXIST") throw error;
      if (await abandoned(path)) await rm(path, { force: true });
      else if (performance.now() > deadline)
        throw new Error(`the lock ${path} is held by process ${await readFile(path, "utf8").catch(() => "?")}`, {
          cause: error,
        });
      else await wait(5 + Math.random() * 20);
    }
  }
  try {
    return await work();
  } finally {
    await rm(path, { force: true });
  }
}

/** The last lines of a text file, at most 64 kB of it; empty when it is not there. */
export async function lastLines(path: string, count: number): Promise<string[]> {
  const file = await open(path, "r").catch(() => null);
  if (!file) return [];
  try {
    const { size } = await file.stat();
    const buffer = Buffer.alloc(Math.min(size, 65_536));
    await file.read(buffer, 0, buffer.length, size - buffer.length);
    return buffer.toString("utf8").trimEnd().split("\n").slice(-count);
  } finally {
    await file.close();
  }
}
