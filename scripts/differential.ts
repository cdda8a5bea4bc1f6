// Compares the shipped code with the reference libraries of Python on random cases. Exit 1 on any difference.
import { execFileSync, spawn } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { xoshiro } from "../src/domain/statistics/prng.ts";
import { kinds } from "../test/differential/index.ts";
import type { Kind } from "../test/differential/kind.ts";
import { differences } from "../test/vectors/compare.ts";

const project = join(import.meta.dirname, "..");
const folder = join(project, "test/differential");
const venv = join(project, ".cache/differential");

interface Case {
  kind: Kind;
  index: number;
  input: unknown;
}
type Answer = { expected: unknown } | { error: string };

/** The Python of a virtual environment that holds exactly what requirements.txt names; made anew when that file changed. */
function python(): string {
  const executable = join(venv, process.platform === "win32" ? "Scripts/python.exe" : "bin/python");
  const asked = readFileSync(join(folder, "requirements.txt"), "utf8");
  const installed = join(venv, "requirements.txt");
  if (existsSync(installed) && readFileSync(installed, "utf8") === asked) return executable;
  console.log("Installing the reference libraries into .cache/differential (once, about a minute)");
  execFileSync("python3", ["-m", "venv", "--clear", venv], { stdio: "inherit" });
  const pip = ["-m", "pip", "install", "--quiet", "-r", join(folder, "requirements.txt")];
  execFileSync(executable, pip, { stdio: "inherit" });
  writeFileSync(installed, asked);
  return executable;
}

/** The kinds that only one side knows, as a sentence each. */
function oneSided(executable: string): string[] {
  const listed: string[] = JSON.parse(
    execFileSync(executable, [join(folder, "serve.py"), "--kinds"], { encoding: "utf8" }),
  );
  const ours = new Set(kinds.map(({ kind }) => kind));
  return [
    ...listed.filter((kind) => !ours.has(kind)).map((kind) => `${kind} is in a .py file and in no .ts file`),
    ...[...ours].filter((kind) => !listed.includes(kind)).map((kind) => `${kind} is in a .ts file and in no .py file`),
  ];
}

/** Asks one Python process for what is expected of every case, in order. */
async function expectedOf(executable: string, cases: readonly Case[]): Promise<Answer[]> {
  const child = spawn(executable, [join(folder, "serve.py")], { stdio: ["pipe", "pipe", "inherit"] });
  const chunks: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
  const closed = new Promise<number | null>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", resolve);
  });
  child.stdin.on("error", () => {}); // A process that died says so by its exit code.
  child.stdin.end(cases.map(({ kind, input }) => `${JSON.stringify({ kind: kind.kind, input })}\n`).join(""));
  const code = await closed;
  const lines = Buffer.concat(chunks).toString("utf8").split("\n").slice(0, -1);
  if (code !== 0 || lines.length !== cases.length)
    throw new Error(`Python ended with ${code} after ${lines.length} of ${cases.length} answers`);
  return lines.map((line): Answer => JSON.parse(line));
}

/** What differs in a case, a sentence each. */
function compared({ kind, input }: Case, answer: Answer): string[] {
  if ("error" in answer) return [`Python: ${answer.error}`];
  let got: unknown;
  try {
    got = kind.got(input as never);
  } catch (error) {
    return [`threw ${String(error)}`];
  }
  return differences(got, answer.expected, kind.tolerance).map(
    ({ path, got: ours, want }) => `${path || "(all)"}: got ${show(ours)}, expected ${show(want)}`,
  );
}

const show = (value: unknown): string =>
  typeof value === "number" ? String(value) : (JSON.stringify(value) ?? "nothing");

function made(seed: string, only: string | undefined): Case[] {
  return kinds
    .filter(({ kind }) => only === undefined || kind === only)
    .flatMap((kind) =>
      Array.from({ length: kind.cases }, (_, index) => ({
        kind,
        index,
        input: kind.input(xoshiro(`${seed}|${kind.kind}|${index}`), index),
      })),
    );
}

async function run(): Promise<number> {
  const { values } = parseArgs({ options: { kind: { type: "string" }, seed: { type: "string", default: "1" } } });
  const executable = python();
  const missing = oneSided(executable);
  for (const sentence of missing) console.error(sentence);
  if (missing.length > 0) return 2;
  const cases = made(values.seed, values.kind);
  if (cases.length === 0) {
    console.error(`there is no kind "${values.kind}"; known: ${kinds.map(({ kind }) => kind).join(", ")}`);
    return 2;
  }
  const answers = await expectedOf(executable, cases);
  const failed = new Map<string, number>();
  cases.forEach((one, i) => {
    const found = compared(one, answers[i]!);
    const { kind } = one.kind;
    failed.set(kind, (failed.get(kind) ?? 0) + (found.length > 0 ? 1 : 0));
    if (found.length > 0 && failed.get(kind)! <= 3)
      console.log(`${kind} ${one.index}: ${found.slice(0, 4).join("; ")}\n  ${show(one.input).slice(0, 300)}`);
  });
  const wrong = [...failed].filter(([, count]) => count > 0);
  for (const [kind, count] of wrong)
    console.log(`${kind}: ${count} of ${kinds.find((one) => one.kind === kind)!.cases} differ`);
  const total = wrong.reduce((sum, [, count]) => sum + count, 0);
  console.log(`${cases.length} cases of ${failed.size} kinds, ${total} differ`);
  return total > 0 ? 1 : 0;
}

process.exitCode = await run();
