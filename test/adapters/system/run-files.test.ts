import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { runFiles } from "../../../src/adapters/system/run-files.ts";
import { sha256 } from "../../../src/domain/digest.ts";

const folder = mkdtempSync(join(tmpdir(), "modelgate-run-"));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test("lines are written whole, with the digest of their bytes", async () => {
  const lines = Array.from({ length: 20_000 }, (_, index) => `row ${index} \u20AC`);
  const { path, digest } = await runFiles(folder).write("deep/predictions.jsonl", lines);
  expect(path).toBe(runFiles(folder).path("deep/predictions.jsonl"));
  expect(readFileSync(path, "utf8")).toBe(`${lines.join("\n")}\n`);
  expect(digest).toBe(sha256(readFileSync(path)));
});

test("no lines make an empty file", async () => {
  const { path } = await runFiles(folder).write("none", []);
  expect(readFileSync(path, "utf8")).toBe("");
});

test("lines that break off leave the file that was there, and nothing else", async () => {
  await runFiles(folder).write("a", ["old"]);
  async function* broken(): AsyncIterable<string> {
    yield "new";
    throw new Error("broke off");
  }
  await expect(runFiles(folder).write("a", broken())).rejects.toThrow("broke off");
  expect([readdirSync(folder), readFileSync(join(folder, "a"), "utf8")]).toEqual([["a"], "old\n"]);
});
