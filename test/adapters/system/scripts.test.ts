import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { afterAll, expect, test } from "vitest";
import { scriptRunner } from "../../../src/adapters/system/scripts.ts";

const folder = mkdtempSync(join(tmpdir(), "modelgate-scripts-test-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const secret = "s3cret-value";
const env = { PATH: process.env["PATH"] ?? "", HOME: folder, SERVICE_KEY: secret, GITHUB_TOKEN: "never" };
const { signal } = new AbortController();
const runner = scriptRunner({ env, folder, temporaryFolder: folder, mostBytes: 1000 });
const call = (code: string, more: { passed?: string[]; milliseconds?: number } = {}) => ({
  words: [process.execPath, "-e", code],
  told: { MODELGATE_ENDPOINT_URL: "http://127.0.0.1:1" },
  passed: more.passed ?? [],
  milliseconds: more.milliseconds ?? 60_000,
});
const leftovers = () => readdirSync(folder).filter((name) => name.startsWith("modelgate-script-"));

test("what a script prints is its output, and its log stands beside it", async () => {
  const end = await runner.run(call('console.log("{}"); console.error("3 of 4 rows")'), signal);
  expect(end).toEqual({ output: "{}\n", failure: null, log: "3 of 4 rows" });
});

test("a script that writes the file may print what it likes", async () => {
  const code = 'require("fs").writeFileSync(process.env.MODELGATE_OUTPUT, "{}"); console.log("100 %")';
  expect(await runner.run(call(code), signal)).toMatchObject({ output: "{}", failure: null });
  expect(leftovers()).toEqual([]);
});

test("a script sees what it is told, what it is to have, and nothing else of ours", async () => {
  const code = "console.log(JSON.stringify(process.env))";
  const { output } = await runner.run(call(code), signal);
  expect(Object.keys(JSON.parse(output!) as object)).toEqual(
    expect.arrayContaining(["PATH", "HOME", "MODELGATE_ENDPOINT_URL", "MODELGATE_OUTPUT"]),
  );
  expect(output).not.toMatch(/GITHUB_TOKEN|SERVICE_KEY|never|s3cret/);
});

test("a secret comes back in no word", async () => {
  const code = "console.error(`key ${process.env.SERVICE_KEY}`); console.log(process.env.SERVICE_KEY)";
  const end = await runner.run(call(code, { passed: ["SERVICE_KEY"] }), signal);
  expect(end).toEqual({ output: "***\n", failure: null, log: "key ***" });
});

test("a variable that is not set keeps the script from being run", async () => {
  const marker = join(folder, "ran");
  const code = `require("fs").writeFileSync(${JSON.stringify(marker)}, "")`;
  const end = await runner.run(call(code, { passed: ["NOT_THERE"] }), signal);
  expect(end).toEqual({ output: null, failure: "needs NOT_THERE, which is not set", log: "" });
  expect(existsSync(marker)).toBe(false);
});

test.each<[string, string, RegExp]>([
  ["another exit code", 'console.log("{}"); console.error("no rubric"); process.exit(3)', /^ended with exit code 3$/],
  ["a signal", "process.kill(process.pid, 'SIGKILL')", /^was ended by SIGKILL$/],
  ["too much printed", "console.log('x'.repeat(1001))", /^printed more than 0\.001 MB$/],
  [
    "too much written",
    "require('fs').writeFileSync(process.env.MODELGATE_OUTPUT, 'x'.repeat(1001))",
    /^wrote more than/,
  ],
])("%s gives no output", async (_title, code, failure) => {
  const end = await runner.run(call(code), signal);
  expect(end).toMatchObject({ output: null, failure: expect.stringMatching(failure) });
  expect(leftovers()).toEqual([]);
});

test("a program that is not there is named", async () => {
  const end = await runner.run({ ...call(""), words: ["no-such-program"] }, signal);
  expect(end).toMatchObject({ output: null, failure: expect.stringMatching(/^cannot be started: .*ENOENT/) });
});

/** A script that starts another process, writes its pid and then does something else. */
const family = (pidFile: string, then: string) =>
  `const { pid } = require("child_process").spawn(process.execPath, ["-e", "setInterval(() => 0, 1000)"], { stdio: "inherit" });
   require("fs").writeFileSync(${JSON.stringify(pidFile)}, String(pid)); ${then}`;
async function isGone(pidFile: string): Promise<boolean> {
  const pid = Number(readFileSync(pidFile, "utf8"));
  // What became of an orphan is seen once init has taken it in.
  for (let tries = 0; tries < 500; tries++) {
    const stat = existsSync(`/proc/${pid}/stat`) ? readFileSync(`/proc/${pid}/stat`, "utf8") : "";
    if (stat === "" || / Z /.test(stat)) return true;
    await wait(10);
  }
  return false;
}

test.runIf(process.platform === "linux")("a script whose time is over ends with all it started", async () => {
  const pidFile = join(folder, "late");
  const end = await runner.run(call(family(pidFile, "setInterval(() => 0, 1000)"), { milliseconds: 1500 }), signal);
  expect(end).toMatchObject({ output: null, failure: "did not end within 1.5 s" });
  expect(await isGone(pidFile)).toBe(true);
});

test.runIf(process.platform === "linux")("what a script leaves running ends with it", async () => {
  const pidFile = join(folder, "left");
  const end = await runner.run(call(family(pidFile, 'console.log("{}"); process.exit(0)')), signal);
  expect(end).toMatchObject({ output: "{}\n", failure: null });
  expect(await isGone(pidFile)).toBe(true);
});

test("a cancelled run ends the script and gives the reason", async () => {
  const marker = join(folder, "started");
  const stop = new AbortController();
  const code = `require("fs").writeFileSync(${JSON.stringify(marker)}, ""); setInterval(() => 0, 1000)`;
  const running = runner.run(call(code), stop.signal);
  while (!existsSync(marker)) await wait(10);
  stop.abort(new Error("enough"));
  await expect(running).rejects.toThrow("enough");
  expect(leftovers()).toEqual([]);
});

test("words reach the program as they are: there is no shell", async () => {
  writeFileSync(join(folder, "words.mjs"), "console.log(JSON.stringify(process.argv.slice(2)))");
  const words = [process.execPath, "words.mjs", "$HOME; exit 1", "a b"];
  const end = await runner.run({ ...call(""), words }, signal);
  expect(end.output).toBe('["$HOME; exit 1","a b"]\n');
});
