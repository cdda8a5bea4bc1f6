import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { annotationOf } from "../../src/hosts/github-annotations.ts";

/** What a step of a job wrote: its log line by line, the annotations in it, and its summary. */
interface Step {
  lines: string[];
  annotations: { type: string; title: string; message: string }[];
  summary: string;
}

const data = (text: string): string => text.replaceAll("%0A", "\n").replaceAll("%0D", "\r").replaceAll("%25", "%");

/** The commands a runner would take from the log: none while they are stopped. */
function commandsIn(lines: readonly string[]): string[] {
  let stopped: string | null = null;
  return lines.filter((line) => {
    if (stopped !== null) {
      if (line.trim() === `::${stopped}::`) stopped = null;
      return false;
    }
    stopped = /^::stop-commands::(.+)$/.exec(line.trim())?.[1] ?? null;
    return stopped === null && /^\s*::|##\[/.test(line);
  });
}

/** Runs code with `shell`, the host of a job, in a process of its own: the runner reads its standard output. */
async function step(code: string): Promise<Step> {
  const folder = await mkdtemp(join(tmpdir(), "modelgate-step-"));
  try {
    const [output, summaryFile] = [join(folder, "output"), join(folder, "summary")];
    await Promise.all([writeFile(output, ""), writeFile(summaryFile, "")]);
    const script = `
      import { githubShell } from "${join(import.meta.dirname, "../../src/hosts/github.ts")}";
      import { emptyOutcome } from "${join(import.meta.dirname, "../../src/domain/outcome.ts")}";
      import { UserError } from "${join(import.meta.dirname, "../../src/domain/problem.ts")}";
      const shell = githubShell({ version: "1.0.0" });
      const problem = (n) => ({ code: "github.permission", message: "problem " + n, hint: "Do " + n });
      const outcome = { ...emptyOutcome, command: "gate", verdict: "pass", headline: "digits passes" };
      ${code}`;
    const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", script], {
      env: { PATH: process.env["PATH"], GITHUB_OUTPUT: output, GITHUB_STEP_SUMMARY: summaryFile },
    }).catch((error: unknown) => error as { stdout: string });
    const lines = stdout.split("\n");
    const annotations = commandsIn(lines).flatMap((line) => {
      const [, type, properties = "", message = ""] = /^::(error|warning|notice)(?: (.*?))?::(.*)$/.exec(line) ?? [];
      const title = /title=([^,]*)/.exec(properties)?.[1] ?? "";
      return type ? [{ type, title: title.replaceAll("%3A", ":"), message: data(message) }] : [];
    });
    return { lines, annotations, summary: await readFile(summaryFile, "utf8") };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const numbers = (count: number): string => `for (let n = 1; n <= ${count}; n++)`;

describe("the runner shows ten annotations of a type for a step", () => {
  test("ten warnings over the whole step are ten annotations", async () => {
    const { annotations } = await step(`${numbers(10)} shell.warn(problem(n)); await shell.finish(outcome);`);
    expect(annotations.map(({ message }) => message.split("\n")[0])).toEqual(
      Array.from({ length: 10 }, (_, index) => `problem ${index + 1}`),
    );
  });

  test("of more, the tenth counts the others, which are in the log", async () => {
    const { annotations, lines } = await step(`${numbers(25)} shell.warn(problem(n)); await shell.finish(outcome);`);
    expect(annotations).toHaveLength(10);
    expect(annotations.at(-1)!.message).toMatch(/^16 more warnings are in the log/);
    expect(lines.some((line) => line.startsWith("warning: modelgate: github.permission: problem 25"))).toBe(true);
  });

  test("errors have ten places of their own, whatever the warnings took", async () => {
    const { annotations, lines } = await step(
      `${numbers(12)} shell.warn(problem(n)); const all = []; ${numbers(12)} all.push(problem(n)); await shell.fail(new UserError(all));`,
    );
    const errors = annotations.filter(({ type }) => type === "error");
    expect([annotations.length, errors.length]).toEqual([20, 10]);
    expect(errors.at(-1)!.message).toMatch(/^3 more errors/);
    expect(lines).toContain("github.permission: problem 12 Do 12");
  });

  test("an outcome that is no pass is an error with its headline", async () => {
    const { annotations, summary } = await step(`await shell.finish({ ...outcome, verdict: "fail" });`);
    expect(annotations).toEqual([{ type: "error", title: "modelgate: fail", message: "digits passes" }]);
    expect(summary).toMatch(/^## FAIL: digits passes/);
  });

  test("a bug of ours is an error, and its stack is in the log", async () => {
    const { annotations, lines } = await step(`await shell.fail(new TypeError("x is not a function"));`);
    expect(annotations.map(({ message }) => message)).toEqual([expect.stringContaining("This is a bug in modelgate")]);
    expect(lines).toContain("TypeError: x is not a function");
  });
});

describe("nothing from outside gives the runner a command", () => {
  const hostile =
    '"\\n::error::forged\\r::set-output name=verdict::pass\\n  ::add-mask::a\\nx ##[command]forged\\n::stop-commands::x"';

  test.each([
    ["a note", `shell.note(${hostile});`],
    ["an outcome", `await shell.finish({ ...outcome, headline: "ok", notes: [${hostile}] });`],
    ["a failure", `await shell.fail(new UserError([{ code: "model.empty", message: ${hostile}, hint: "x" }]));`],
    ["a bug", `await shell.fail(new Error(${hostile}));`],
    [
      "warnings beyond the tenth",
      `${numbers(12)} shell.warn({ ...problem(n), message: ${hostile} }); await shell.finish(outcome);`,
    ],
  ])("%s", async (_, code) => {
    const { lines, annotations } = await step(code);
    const commands = commandsIn(lines.flatMap((line) => line.split("\r")));
    expect(lines.join("\n")).toContain("::add-mask::a");
    expect(
      commands.filter(
        (command) =>
          !/^::(error|warning) title=modelgate/.test(command) && !command.startsWith("::error::This is a bug"),
      ),
    ).toEqual([]);
    expect(
      annotations.every(({ title, message }) => title.startsWith("modelgate") || message.startsWith("This is a bug")),
    ).toBe(true);
  });

  test("after it commands are taken again", async () => {
    const { annotations } = await step(`shell.note("::x::"); shell.warn(problem(1)); await shell.finish(outcome);`);
    expect(annotations).toHaveLength(1);
  });

  test("what holds no command is in the log as it is", async () => {
    expect((await step(`shell.note("plain: text");`)).lines).toEqual(["plain: text", ""]);
  });
});

describe("an annotation", () => {
  const problem = { code: "platform.exited", message: "log ".repeat(5000), hint: "Look at the image." } as const;

  test("is cut to what the runner keeps, and still says what to do", () => {
    const { message } = annotationOf(problem);
    expect(message.length).toBeLessThanOrEqual(4096);
    expect(message).toMatch(/…\nLook at the image\.$/);
  });

  test("stands at the place of its problem", () => {
    const at = { file: "m.yml", line: 3, column: 5 };
    expect(annotationOf({ ...problem, at }).properties).toEqual({
      ...{ title: "modelgate: platform.exited", file: "m.yml", startLine: 3, startColumn: 5 },
    });
  });
});
