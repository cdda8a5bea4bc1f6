// The main job on real input, with nothing but Node: four candidates for one model, on a copy of examples/digits.
// Exits 0 only when every expectation below held. Opens nothing beyond 127.0.0.1 once the runtime pack is there.
import { type SpawnSyncReturns, spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");
const folder = mkdtempSync(join(tmpdir(), "modelgate-demo-"));
cpSync(join(root, "examples/digits"), folder, { recursive: true });
const started = performance.now();
const broken: string[] = [];

interface Answer {
  exitCode: number | null;
  outputs: Record<string, string>;
  outcome?: {
    headline: string;
    judgement: { checks: { text: string; status: string; value: number | null }[] } | null;
    flips: { count: number; rows: { id: string; label: string; candidate: string }[] } | null;
  };
}

function modelgate(...words: string[]): Answer {
  console.log(`\n$ modelgate ${words.join(" ")}`);
  const ran: SpawnSyncReturns<string> = spawnSync(process.execPath, [join(root, "dist/cli.js"), ...words, "--json"], {
    cwd: folder,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
    maxBuffer: 2 ** 28,
  });
  const answer = JSON.parse(ran.stdout || '{"outputs":{}}') as Omit<Answer, "exitCode">;
  if (answer.outcome)
    console.log(
      `  ${answer.outputs["verdict"] === "none" ? "DONE" : answer.outputs["verdict"]?.toUpperCase()}: ${answer.outcome.headline} (exit code ${ran.status})`,
    );
  for (const check of answer.outcome?.judgement?.checks ?? [])
    console.log(
      `    ${check.status.padEnd(13)}${check.text}${check.value === null ? "" : `   ${check.value.toPrecision(4)}`}`,
    );
  return { ...answer, exitCode: ran.status };
}

function expect(what: string, held: boolean): void {
  console.log(`  ${held ? "as expected" : "NOT AS EXPECTED"}: ${what}`);
  if (!held) broken.push(what);
}

const candidate = (name: string) =>
  cpSync(join(folder, "candidates", `${name}.onnx`), join(folder, "models/digits.onnx"));
const title = (text: string) => console.log(`\n${"─".repeat(100)}\n${text}`);

function released(name: string): string {
  const run = modelgate("run");
  expect(`${name} passes the gates`, run.exitCode === 0 && run.outputs["verdict"] === "pass");
  const promoted = modelgate("promote", "--image", run.outputs["image"] ?? "", "--reason", `demo: ${name}`);
  expect(
    `${name} is promoted, and it is the digest that was judged`,
    promoted.exitCode === 0 && promoted.outputs["image"] === run.outputs["image"],
  );
  return promoted.outputs["image"] ?? "";
}

function stopped(name: string, production: string): Answer {
  const run = modelgate("run");
  expect(`${name} is stopped by the gate`, run.exitCode === 1 && run.outputs["verdict"] === "fail");
  const promoted = modelgate("promote", "--image", run.outputs["image"] ?? "", "--reason", `demo: ${name}`);
  expect(`promoting ${name} all the same is refused`, promoted.exitCode === 2);
  expect(
    "production still runs the better model",
    modelgate("status", "--environment", "production").outputs["image"] === production,
  );
  return run;
}

/** The folder of the unpacked runtime, which has onnxruntime-node: the demo installs nothing of its own. */
function runtimeFolder(): string {
  const found = readdirSync(join(folder, ".modelgate"), { recursive: true, encoding: "utf8" }).find((path) =>
    path.endsWith("node_modules/onnxruntime-node/package.json"),
  );
  if (!found) throw new Error("the unpacked runtime was not found below .modelgate");
  return join(folder, ".modelgate", found, "../../..");
}

try {
  title("1  A champion: the first release. There is nothing to compare it with yet.");
  candidate("champion");
  released("the champion");

  title("2  A better candidate: compared with the champion on the same 800 rows, as both are served.");
  candidate("better");
  const production = released("the better candidate");

  title("3  A worse candidate.");
  candidate("worse");
  stopped("the worse candidate", production);

  title("4  The model file of release 2 again, but the server now scales the pixels, and training did not.");
  candidate("better");
  cpSync(join(folder, "candidates/skewed/preprocess.mjs"), join(folder, "server/preprocess.mjs"));
  const file = spawnSync(
    process.execPath,
    [join(folder, "evaluate_file.mjs"), join(folder, "models/digits.onnx"), runtimeFolder()],
    { encoding: "utf8" },
  );
  const { accuracy } = JSON.parse(file.stdout || "{}") as { accuracy?: number };
  console.log(`\n  Evaluating the file, as most pipelines do: accuracy ${accuracy}`);
  expect("evaluating the file passes accuracy >= 0.90", (accuracy ?? 0) >= 0.9);
  const skewed = stopped("the candidate that is served wrongly", production);
  const flips = skewed.outcome?.flips;
  console.log(
    `  ${flips?.count} rows flipped, among them ${flips?.rows
      .slice(0, 5)
      .map((flip) => `row ${flip.id} (a ${flip.label}, served as ${flip.candidate})`)
      .join(", ")}`,
  );
  expect("the report names the rows that flipped", (flips?.count ?? 0) > 0);
  console.log(`\nReport: ${skewed.outputs["report"]}`);
} finally {
  for (const environment of ["staging", "production"]) modelgate("remove", "--environment", environment);
}

console.log(
  `\n${broken.length === 0 ? "Every expectation held" : `${broken.length} expectations did not hold: ${broken.join("; ")}`} (${((performance.now() - started) / 1000).toFixed(0)} s). Files: ${folder}`,
);
process.exitCode = broken.length === 0 ? 0 : 1;
