import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { sources } from "../../src/adapters/sources/index.ts";
import { convertedModels } from "../../src/adapters/system/converted-models.ts";
import { scriptRunner } from "../../src/adapters/system/scripts.ts";
import type { Conversion } from "../../src/domain/conversion.ts";
import { sha256 } from "../../src/domain/digest.ts";
import { modelDigest } from "../../src/domain/model.ts";
import { UserError } from "../../src/domain/problem.ts";
import { convert } from "../../src/stages/convert.ts";

const { signal } = new AbortController();

/** Says which version of any package it has, as Python does; converts by writing the original twice, and counts how often. */
const program = (version: string): string => `#!${process.execPath}
const { appendFileSync, readFileSync, writeFileSync } = require("node:fs");
if (process.argv[2] === "-c") console.log(${JSON.stringify(version)});
else {
  appendFileSync("runs", "x");
  if (process.argv[2] === "fail") { console.error("no such operator"); process.exit(3); }
  if (process.argv[2] === "nothing") process.exit(0);
  const text = readFileSync(process.env.MODELGATE_ORIGINAL, "utf8");
  writeFileSync(process.env.MODELGATE_CONVERTED, text + text);
  if (process.argv[2] === "half") process.exit(1);
}
`;

async function place(version = "1.24.1") {
  const folder = await mkdtemp(join(tmpdir(), "modelgate-convert-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  await mkdir(join(folder, "models"));
  const path = join(folder, "models/digits.onnx");
  await writeFile(path, "abc");
  const tool = async (now: string): Promise<void> => {
    await writeFile(join(folder, "tool.cjs"), program(now));
    await chmod(join(folder, "tool.cjs"), 0o755);
  };
  await tool(version);
  const state = join(folder, ".modelgate");
  const runner = scriptRunner({ env: { PATH: process.env["PATH"]! }, folder, temporaryFolder: folder });
  const run = (more: Partial<Conversion> = {}) =>
    convert({
      conversion: {
        ...{ run: ["./tool.cjs", "int8"], tool: "onnxruntime==1.24.1", to: "digits-int8.onnx", env: [] },
        timeoutMilliseconds: 20_000,
        ...more,
      },
      ...{
        path,
        source: sources.path,
        converted: convertedModels(state, folder),
        runner,
        note: () => undefined,
        signal,
      },
    });
  const runs = (): Promise<string> => readFile(join(folder, "runs"), "utf8").catch(() => "");
  const kept = (): Promise<string[]> => readdir(join(state, "converted")).catch(() => []);
  return { folder, path, tool, run, runs, kept };
}

const problemOf = (work: Promise<unknown>) =>
  work.then(
    () => Promise.reject(new Error("it did not fail")),
    (error: unknown) => (error instanceof UserError ? error.problems[0]! : Promise.reject(error)),
  );

test("the model is made once, says what it was made from, and the original stays as it is", async () => {
  const { path, run, runs } = await place();
  const { path: made, facts } = await run();
  expect(await readFile(made, "utf8")).toBe("abcabc");
  expect(made).toMatch(/digits-int8\.onnx$/);
  expect(await readFile(path, "utf8")).toBe("abc");
  const original = modelDigest([{ path: "digits.onnx", bytes: 3, digest: sha256("abc") }]);
  expect(facts).toEqual({ converted_from: original, converter: "onnxruntime==1.24.1" });
  expect((await run()).path).toBe(made);
  expect(await runs()).toBe("x");
});

test("another original, another word and another program make another model", async () => {
  const { path, tool, run, runs } = await place();
  const made = new Set([(await run()).path, (await run({ run: ["./tool.cjs", "int4"] })).path]);
  await writeFile(path, "abd");
  made.add((await run()).path);
  await tool("1.24.1 ");
  made.add((await run()).path);
  expect([made.size, await runs()]).toEqual([4, "xxxx"]);
});

test("another version than the pinned one converts nothing", async () => {
  const { run, runs } = await place("1.25.0");
  expect(await problemOf(run())).toMatchObject({
    code: "model.conversion",
    message: "model.convert.tool pins onnxruntime==1.24.1, and onnxruntime is 1.25.0",
    at: { key: "model.convert.tool" },
  });
  expect(await runs()).toBe("");
});

test("a program is pinned by its digest", async () => {
  const { run } = await place();
  const pin = sha256(program("1.24.1"));
  expect((await run({ tool: pin })).facts.converter).toBe(pin);
  const other = sha256("another program");
  expect(await problemOf(run({ tool: other }))).toMatchObject({
    message: `model.convert.tool pins ${other}, and ./tool.cjs is ${pin}`,
  });
  expect(await problemOf(run({ tool: other, run: ["./no-such-tool"] }))).toMatchObject({
    message: expect.stringContaining("no-such-tool is not there"),
  });
  expect(await problemOf(run({ tool: pin, run: ["tool.cjs"] }))).toMatchObject({
    message: expect.stringContaining("looked for on the search path"),
  });
});

test.each([
  ["fail", /tool\.cjs fail ended with exit code 3; its last lines: no such operator/],
  ["half", /tool\.cjs half ended with exit code 1/],
  ["nothing", /ended well and wrote no digits-int8\.onnx/],
])("a conversion that does not come to its end leaves nothing: %s", async (word, message) => {
  const { run, kept } = await place();
  expect((await problemOf(run({ run: ["./tool.cjs", word] }))).message).toMatch(message);
  expect(await kept()).toEqual([]);
});
