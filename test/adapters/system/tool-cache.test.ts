import { access, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, onTestFinished, test, vi } from "vitest";
import { cached, prepareToolCache } from "../../../src/adapters/system/tool-cache.ts";

afterEach(() => {
  vi.unstubAllEnvs();
});

async function emptyCache(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "modelgate-cache-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  vi.stubEnv("RUNNER_TOOL_CACHE", join(folder, "tools"));
  vi.stubEnv("RUNNER_TEMP", folder);
  return folder;
}

const tool = { name: "modelgate-test", version: "1.2.3-habc", architecture: "amd64" };

test("a tool is made once, however many ask for it at the same time", async () => {
  const folder = await emptyCache();
  let made = 0;
  const ask = (index: number) =>
    cached(tool, (empty) => writeFile(join(empty, "file"), String(++made)), join(folder, `work-${index}`));
  const found = await Promise.all([0, 1, 2, 3].map(ask));
  expect(new Set(found).size).toBe(1);
  expect(await readFile(join(found[0]!, "file"), "utf8")).toBe("1");
  expect(await ask(4)).toBe(found[0]);
  expect(made).toBe(1);
});

test("a tool that could not be made is not kept", async () => {
  const folder = await emptyCache();
  const failing = cached(tool, () => Promise.reject(new Error("no network")), join(folder, "work"));
  await expect(failing).rejects.toThrow("no network");
  const path = await cached(tool, (empty) => writeFile(join(empty, "file"), "x"), join(folder, "work"));
  await access(join(path, "file"));
  expect(path).toContain(join("modelgate-test", tool.version, "amd64"));
});

test("another version is another folder", async () => {
  const folder = await emptyCache();
  const make = (empty: string) => writeFile(join(empty, "file"), "x");
  const one = await cached(tool, make, join(folder, "one"));
  const two = await cached({ ...tool, version: "1.2.3-habd" }, make, join(folder, "two"));
  expect(one).not.toBe(two);
});

test("a terminal gets a cache in the home folder, a runner keeps its own", async () => {
  vi.stubEnv("RUNNER_TOOL_CACHE", undefined);
  vi.stubEnv("RUNNER_TEMP", undefined);
  prepareToolCache();
  expect(process.env["RUNNER_TOOL_CACHE"]).toMatch(/\.cache\/modelgate\/tools$/);
  expect(process.env["RUNNER_TEMP"]).toBe(tmpdir());
  vi.stubEnv("RUNNER_TOOL_CACHE", "/runner/tools");
  prepareToolCache();
  expect(process.env["RUNNER_TOOL_CACHE"]).toBe("/runner/tools");
});
