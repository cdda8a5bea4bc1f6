import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const root = join(import.meta.dirname, "../..");
/** The built bundle of this checkout, or another one. */
const cli = join(process.env["MODELGATE_DIST"] ?? join(root, "dist"), "cli.js");

export interface Ran {
  exitCode: number | null;
  outputs: Record<string, string>;
  problems: { code: string; message: string }[];
  outcome: {
    headline: string;
    notes: string[];
    judgement: { verdict: string; reasons: string[]; checks: { text: string; status: string }[] } | null;
  } | null;
  stderr: string;
}

/** A copy of the digits example, with a short load test, and the built bundle run in it. */
export function exampleFolder() {
  const folder = mkdtempSync(join(tmpdir(), "modelgate-embedded-"));
  cpSync(join(root, "examples/digits"), folder, { recursive: true, filter: (path) => !path.endsWith(".modelgate") });
  const path = (name: string): string => join(folder, name);
  const edit = (name: string, change: (text: string) => string): void =>
    writeFileSync(path(name), change(readFileSync(path(name), "utf8")));
  edit("modelgate.yml", (text) => text.replace("duration: 8 s", "duration: 2 s, warmup: 200 ms"));
  const options = { cwd: folder, encoding: "utf8" as const, maxBuffer: 2 ** 28 };
  const modelgate = (...words: string[]): Ran => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [cli, ...words, "--json"], options);
    const said = JSON.parse(stdout || "{}") as Partial<Ran>;
    return { outputs: {}, problems: [], outcome: null, ...said, exitCode: status, stderr };
  };
  return {
    folder,
    path,
    edit,
    modelgate,
    candidate: (name: string) => cpSync(path(`candidates/${name}.onnx`), path("models/digits.onnx")),
    /** Starts a command that a test will end. */
    start: (...words: string[]): ChildProcess =>
      spawn(process.execPath, [cli, ...words], { cwd: folder, stdio: "ignore" }),
    [Symbol.dispose]() {
      if (existsSync(path("modelgate.yml")))
        for (const environment of ["staging", "production"]) modelgate("remove", "--environment", environment);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
