import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { lastLines, withLock, writeWhole } from "../../../src/adapters/system/files.ts";
import { runCommand } from "../../../src/adapters/system/processes.ts";

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "modelgate-files-"));
  onTestFinished(() => rm(path, { recursive: true, force: true }));
  return path;
}

test("a file is written whole, over what was there, and nothing is left beside it", async () => {
  const at = await folder();
  const path = join(at, "new/state.json");
  await writeWhole(path, "old");
  await writeWhole(path, new TextEncoder().encode("new"));
  expect(await readFile(path, "utf8")).toBe("new");
  expect(await readdir(join(at, "new"))).toEqual(["state.json"]);
});

test("a file that cannot be written leaves the old one and nothing beside it", async () => {
  const at = await folder();
  await writeWhole(join(at, "taken/inside"), "x");
  await expect(writeWhole(join(at, "taken"), "y")).rejects.toThrow();
  expect(await readdir(at)).toEqual(["taken"]);
});

test("many writers at once leave one of their texts, whole", async () => {
  const path = join(await folder(), "state");
  const texts = Array.from({ length: 20 }, (_, index) => String(index).repeat(50_000));
  await Promise.all(texts.map((text) => writeWhole(path, text)));
  expect(texts).toContain(await readFile(path, "utf8"));
});

test("the last lines of a file are read from its end", async () => {
  const path = join(await folder(), "log");
  expect(await lastLines(path, 3)).toEqual([]);
  await writeFile(path, `${"x".repeat(100)}\n`.repeat(10_000));
  await writeFile(path, "a\nb\nc\n", { flag: "a" });
  expect(await lastLines(path, 2)).toEqual(["b", "c"]);
});

test("work under a lock is done one after the other", async () => {
  const lock = join(await folder(), "lock");
  let inside = 0;
  const most: number[] = [];
  await Promise.all(
    Array.from({ length: 8 }, () =>
      withLock(lock, async () => {
        most.push(++inside);
        await stat(lock);
        inside--;
      }),
    ),
  );
  expect(most).toEqual(Array(8).fill(1));
  await expect(stat(lock)).rejects.toThrow(/ENOENT/);
});

test("a lock is given back when the work fails", async () => {
  const lock = join(await folder(), "lock");
  await expect(withLock(lock, () => Promise.reject(new Error("no")))).rejects.toThrow("no");
  expect(await withLock(lock, async () => "free")).toBe("free");
});

test("a lock whose process is gone is taken over; one that is held is waited for, and then named", async () => {
  const lock = join(await folder(), "lock");
  const { stdout } = await runCommand(process.execPath, ["-p", "process.pid"]);
  await writeFile(lock, stdout.trim());
  expect(await withLock(lock, async () => "taken over")).toBe("taken over");
  await writeFile(lock, String(process.pid));
  await expect(withLock(lock, async () => "not reached", 50)).rejects.toThrow(`is held by process ${process.pid}`);
});

test("many who find the lock of a process that is gone take it over one after the other", async () => {
  const path = join(await folder(), "lock");
  const gone = await runCommand("sh", ["-c", "echo $$"]);
  await writeFile(path, gone.stdout.trim());
  let inside = 0;
  const crowds = await Promise.all(
    Array.from({ length: 30 }, () =>
      withLock(path, async () => {
        const crowd = ++inside;
        await new Promise((resolve) => setImmediate(resolve));
        inside--;
        return crowd;
      }),
    ),
  );
  expect(Math.max(...crowds)).toBe(1);
});
