import { randomUUID } from "node:crypto";
import { link, mkdir, open, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
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

/** Whether the lock's holder is gone. */
async function abandoned(path: string): Promise<boolean> {
  const pid = Number(await readFile(path, "utf8").catch(() => ""));
  return Number.isInteger(pid) && pid > 0 && !alive(pid);
}

/** Takes a lock file that names this process, whole from the first moment. @returns false when somebody has it. */
async function take(path: string): Promise<boolean> {
  const own = `${path}.${randomUUID()}`;
  await writeFile(own, String(process.pid), { flag: "wx" });
  try {
    await link(own, path);
    return true;
  } catch (error) {
    if (code(error) === "EEXIST") return false;
    throw error;
  } finally {
    await rm(own, { force: true });
  }
}

/** Clearing takes milliseconds: a guard this old was left by a process that was killed. */
const guardMilliseconds = 10_000;

/** Removes a lock whose process is gone; one process at a time, so that nobody removes the next holder's. */
async function clearAbandoned(path: string): Promise<void> {
  const guard = `${path}.takeover`;
  if (!(await take(guard))) {
    const found = await stat(guard).catch(() => null);
    if (found && Date.now() - found.mtimeMs > guardMilliseconds) await rm(guard, { force: true });
    return;
  }
  try {
    if (await abandoned(path)) await rm(path, { force: true });
  } finally {
    await rm(guard, { force: true });
  }
}

/**
 * Runs work while holding a lock file that names this process. A lock whose process is gone is taken over.
 * @throws Error when the lock is held for longer than `patience` milliseconds.
 */
export async function withLock<T>(path: string, work: () => Promise<T>, patience = 30_000): Promise<T> {
  await mkdir(dirname(path), { recursive: true });
  const deadline = performance.now() + patience;
  while (!(await take(path))) {
    if (await abandoned(path)) await clearAbandoned(path);
    if (performance.now() > deadline)
      throw new Error(`the lock ${path} is held by process ${await readFile(path, "utf8").catch(() => "?")}`);
    await wait(5 + Math.random() * 20);
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
