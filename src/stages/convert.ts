import { digestOf } from "../domain/canonical.ts";
import type { Conversion } from "../domain/conversion.ts";
import type { Digest } from "../domain/digest.ts";
import { filesAmong } from "../domain/files-among.ts";
import { modelDigest } from "../domain/model.ts";
import { UserError } from "../domain/problem.ts";
import type { ConvertedModels } from "../ports/converted-models.ts";
import type { ModelSource } from "../ports/model-source.ts";
import type { ScriptRunner } from "../ports/script-runner.ts";
import { hashFiles } from "./hash-files.ts";

export interface ConvertOptions {
  conversion: Conversion;
  /** Of the original. */
  path: string;
  source: ModelSource;
  converted: ConvertedModels;
  runner: ScriptRunner;
  note: (text: string) => void;
  signal: AbortSignal;
}

/** What was made, and from what. */
export interface Converted {
  path: string;
  facts: { converted_from: string; converter: string };
}

const refuse = (key: string, message: string, hint: string): UserError =>
  new UserError([
    { code: "model.conversion", message, hint, at: { file: "modelgate.yml", key: `model.convert.${key}` } },
  ]);

const askVersion = "import sys, importlib.metadata as m; print(m.version(sys.argv[1]))";

/** The version of a Python distribution as the program that converts has it. @throws UserError when it cannot say. */
async function versionOf(name: string, { conversion, runner, signal }: ConvertOptions): Promise<string> {
  const [program = ""] = conversion.run;
  const words = [program, "-c", askVersion, name];
  const { output, failure, log } = await runner.run({ words, told: {}, passed: [], milliseconds: 60_000 }, signal);
  if (output !== null) return output.trim();
  throw refuse(
    "tool",
    `${program} does not say which ${name} it has: it ${failure}${log ? `; it said: ${log.slice(-300)}` : ""}`,
    `model.convert.run must begin with the Python that has ${name} installed.`,
  );
}

/** @throws UserError when the tool is not the one that is pinned. */
async function checkTool(options: ConvertOptions): Promise<void> {
  const { tool, run } = options.conversion;
  const [name = "", version] = tool.split("==");
  if (version === undefined && !run[0]!.includes("/"))
    throw refuse(
      "run",
      `model.convert.tool pins a program by its digest, and ${run[0]} is looked for on the search path`,
      "Write where the program is, such as ./tools/quantise.",
    );
  const found = version === undefined ? await options.converted.digestOf(run[0]!) : await versionOf(name, options);
  if (found === (version ?? tool)) return;
  throw refuse(
    "tool",
    `model.convert.tool pins ${tool}, and ${version === undefined ? run[0] : name} is ${found ?? "not there"}`,
    "Install the version that is pinned, or change the pin on purpose: another tool makes another model.",
  );
}

/** What decides what is made: the original, the tool, the words, and the files among them. */
async function keyOf(original: Digest, { conversion, converted }: ConvertOptions): Promise<Digest> {
  const { run, tool, to } = conversion;
  const files = await Promise.all(filesAmong(run).map((word) => converted.digestOf(word)));
  return digestOf({ original, tool, run: [...run], to, files });
}

/**
 * Makes a model of the one that a path names, by a pinned tool, unless the same was made before.
 * @throws UserError `model.conversion` for a tool that is not the pinned one, and a program that fails; `model.not-found`.
 */
export async function convert(options: ConvertOptions): Promise<Converted> {
  const { conversion, converted, path, runner, signal, source } = options;
  const { run, env, to, tool, timeoutMilliseconds: milliseconds } = conversion;
  const original = modelDigest(await hashFiles((await source.open(path)).files, signal));
  const facts = { converted_from: original, converter: tool };
  const key = await keyOf(original, options);
  const found = await converted.find(key, to);
  if (found !== null) return { path: found, facts };
  await checkTool(options);
  options.note(`converting with ${run.join(" ")}`);
  const made = await converted.make(key, to, async (target) => {
    const told = { MODELGATE_ORIGINAL: path, MODELGATE_CONVERTED: target };
    const { output, failure, log } = await runner.run({ words: run, told, passed: env, milliseconds }, signal);
    if (output !== null) return;
    throw refuse(
      "run",
      `${run.join(" ")} ${failure}; its last lines: ${log || "(it said nothing on standard error)"}`,
      "It is told MODELGATE_ORIGINAL and MODELGATE_CONVERTED, the path to write to: docs/formats.md.",
    );
  });
  return { path: made, facts };
}
