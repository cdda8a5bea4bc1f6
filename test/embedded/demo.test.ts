import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";

const root = join(import.meta.dirname, "../..");

test("the demo releases the champion, promotes the better candidate and stops the worse and the skewed one", () => {
  const { status, stdout, stderr } = spawnSync(process.execPath, ["scripts/demo.ts"], { cwd: root, encoding: "utf8" });
  expect(`${stdout}\n${stderr}`).toContain("Every expectation held");
  expect(stdout).toMatch(/^Report: .*report\.html$/m);
  expect(status).toBe(0);
});
