import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { expect, onTestFinished, test } from "vitest";
import {
  detachedWith,
  isAlive,
  ownIdentity,
  runCommand,
  startDetached,
  streamCommand,
  terminate,
} from "../../../src/adapters/system/processes.ts";

const node = process.execPath;
const { signal } = new AbortController();

async function detached(script: string, env: Record<string, string> = {}) {
  const folder = await mkdtemp(join(tmpdir(), "modelgate-processes-"));
  const log = join(folder, "log");
  const identity = await startDetached(node, ["-e", script], { cwd: folder, env, log });
  onTestFinished(async () => {
    await terminate(identity, 0);
    await rm(folder, { recursive: true, force: true });
  });
  return { identity, log: () => readFile(log, "utf8") };
}

const forever = "setInterval(() => {}, 1000)";

test("a command gives back both streams and its exit code, and no shell reads its words", async () => {
  const script = "process.stdout.write(process.argv[1]); process.stderr.write('e'); process.exit(3)";
  expect(await runCommand(node, ["-e", script, "$HOME; `ls` *"])).toEqual({
    exitCode: 3,
    stdout: "$HOME; `ls` *",
    stderr: "e",
  });
});

test("a command reads its input and has the environment and the folder it was given", async () => {
  const script = "process.stdin.on('data', (data) => process.stdout.write(data + process.env.A + process.cwd()))";
  const options = { input: "in", env: { A: "b" }, cwd: tmpdir() };
  expect((await runCommand(node, ["-e", script], options)).stdout).toBe(`inb${tmpdir()}`);
});

test("a command that is not there is exit code 127 and says so", async () => {
  const { exitCode, stderr } = await runCommand("modelgate-no-such-command", []);
  expect([exitCode, stderr]).toEqual([127, expect.stringContaining("modelgate-no-such-command")]);
});

test("an abort stops the waiting for a command with the signal's reason", async () => {
  const stop = new AbortController();
  const running = runCommand(node, ["-e", "setTimeout(() => {}, 2000)"], { signal: stop.signal });
  stop.abort(new Error("enough"));
  await expect(running).rejects.toThrow("enough");
  await expect(runCommand(node, ["-e", ""], { signal: stop.signal })).rejects.toThrow("enough");
});

test("a streamed command hands out its output, its exit code and the end of its errors", async () => {
  const script =
    "process.stdout.write('x'.repeat(1e6)); process.stderr.write('y'.repeat(1e4) + 'why'); process.exitCode = 2";
  const { stdout, ended } = streamCommand(node, ["-e", script], {}, signal);
  expect((await text(stdout)).length).toBe(1e6);
  expect(await ended).toEqual({ exitCode: 2, stderr: expect.stringMatching(/^y{4093}why$/) });
});

test("a streamed command that is not there is exit code 127", async () => {
  const { stdout, ended } = streamCommand("modelgate-no-such-command", [], {}, signal);
  expect(await text(stdout)).toBe("");
  expect((await ended).exitCode).toBe(127);
});

test("a detached process has its own group, writes its log, and is known by its start", async () => {
  const { identity, log } = await detached(`console.log("hello"); console.error("there"); ${forever}`);
  await expect.poll(log).toBe("hello\nthere\n");
  expect(await isAlive(identity)).toBe(true);
  expect(await isAlive({ ...identity, started: "another time" })).toBe(false);
  await terminate(identity, 5_000);
  expect(await isAlive(identity)).toBe(false);
});

test("a process that cannot be started is an error", async () => {
  const options = { cwd: tmpdir(), env: {}, log: join(tmpdir(), `modelgate-${process.pid}.log`) };
  onTestFinished(() => rm(options.log, { force: true }));
  await expect(startDetached("modelgate-no-such-command", [], options)).rejects.toThrow(/ENOENT/);
});

test("a process that is told to stop may clean up; one that does not listen is killed", async () => {
  const polite = await detached(
    `process.on("SIGTERM", () => { console.log("bye"); process.exit(0); }); console.log("up"); ${forever}`,
  );
  const deaf = await detached(`process.on("SIGTERM", () => console.log("no")); console.log("up"); ${forever}`);
  await expect.poll(polite.log).toBe("up\n");
  await expect.poll(deaf.log).toBe("up\n");
  await terminate(polite.identity, 10_000);
  expect(await polite.log()).toBe("up\nbye\n");
  await terminate(deaf.identity, 100);
  expect(await isAlive(deaf.identity)).toBe(false);
  expect(await deaf.log()).toBe("up\nno\n");
});

test("ending a process ends what it started", async () => {
  const server =
    'const s = require("node:http").createServer((_, r) => r.end()).listen(0, "127.0.0.1", () => console.log(s.address().port))';
  const { identity, log } = await detached(
    `require("node:child_process").spawn(process.execPath, ["-e", ${JSON.stringify(server)}], { stdio: "inherit" }); ${forever}`,
  );
  await expect.poll(log).toMatch(/^\d+\n$/);
  const url = `http://127.0.0.1:${(await log()).trim()}`;
  const answers = () =>
    fetch(url).then(
      () => true,
      () => false,
    );
  expect(await answers()).toBe(true);
  await terminate(identity, 5_000);
  await expect.poll(answers).toBe(false);
});

test("ending a process whose number belongs to another one by now touches nothing", async () => {
  const { identity } = await detached(forever);
  await terminate({ pid: identity.pid, started: "before" }, 0);
  expect(await isAlive(identity)).toBe(true);
});

test.runIf(process.platform === "linux")(
  "processes are found by their environment, and only leaders of a group",
  async () => {
    const mark = { MODELGATE_SLOT: `/slot ${process.pid} é` };
    const entry = `MODELGATE_SLOT=${mark.MODELGATE_SLOT}`;
    expect(await detachedWith(entry)).toEqual([]);
    const { identity, log } = await detached(
      `require("node:child_process").spawn(process.execPath, ["-e", "${forever}"], { stdio: "ignore" }).on("spawn", () => console.log("up")); ${forever}`,
      mark,
    );
    await expect.poll(log).toBe("up\n");
    expect(await detachedWith(entry)).toEqual([identity]);
    expect(await detachedWith(entry.slice(0, -1))).toEqual([]);
  },
);

test("this process is alive", async () => {
  expect(await isAlive(await ownIdentity())).toBe(true);
});
