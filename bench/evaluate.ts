import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { v2 } from "../src/adapters/protocols/v2.ts";
import { systemClock } from "../src/adapters/system/clock.ts";
import type { Tensors } from "../src/domain/tensor.ts";
import type { Row } from "../src/ports/dataset.ts";
import { askRows } from "../src/stages/asking.ts";
import { median, spread } from "./numbers.ts";

/*
 * node bench/evaluate.ts [rows]: how many rows a second an evaluation asks of the digits example, served by the embedded runtime,
 * beside what ApacheBench (`ab`, package apache2-utils) gets out of the same server with the same connections, in turn.
 */

const count = Number(process.argv[2] ?? 20_000);
const [concurrency, runs] = [8, 3];
const root = join(import.meta.dirname, "..");
const folder = mkdtempSync(join(tmpdir(), "modelgate-bench-"));
cpSync(join(root, "examples/digits"), folder, { recursive: true, filter: (path) => !path.endsWith(".modelgate") });
writeFileSync(
  join(folder, "modelgate.yml"),
  readFileSync(join(folder, "modelgate.yml"), "utf8").replace("duration: 8 s", "duration: 2 s"),
);

const modelgate = (...words: string[]): { outputs: Record<string, string> } => {
  const { stdout } = spawnSync(process.execPath, [join(root, "dist/cli.js"), ...words, "--json"], {
    cwd: folder,
    encoding: "utf8",
  });
  return JSON.parse(stdout) as { outputs: Record<string, string> };
};

const image = (row: number): Tensors => ({
  image: { dtype: "float32", shape: [1, 64], data: Array.from({ length: 64 }, (_, pixel) => (row + pixel * 7) % 17) },
});
const rows: Row[] = Array.from({ length: count }, (_, row) => ({
  ...{ id: `r${row}`, line: row + 2, inputs: image(row), label: "1", group: null, partner: null, slices: {} },
}));

async function asked(url: string): Promise<number> {
  await using session = v2.connect({ url, protocol: "v2" }, "digits");
  const plan = { task: "multiclass" as const, classes: "0123456789".split(""), output: null, threshold: 0.5 };
  const { signal } = new AbortController();
  const started = performance.now();
  const indices = rows.map((_, row) => row);
  const asking = { rows, plan, concurrency, clock: systemClock, signal, progress: () => undefined };
  const answers = await askRows(session, indices, asking);
  const failed = answers.filter(({ prediction }) => prediction === null).length;
  if (failed > 0) throw new Error(`${failed} rows got no answer`);
  return count / ((performance.now() - started) / 1000);
}

function apacheBench(url: string): number {
  const body = join(folder, "body.json");
  const { data, shape } = image(0)["image"]!;
  writeFileSync(body, JSON.stringify({ id: "r0", inputs: [{ name: "image", shape, datatype: "FP32", data }] }));
  const words = ["-q", "-k", "-c", `${concurrency}`, "-n", `${count}`, "-p", body, "-T", "application/json"];
  const { stdout, error } = spawnSync("ab", [...words, `${url}/v2/models/digits/infer`], { encoding: "utf8" });
  if (error) throw new Error("ab is missing: apt-get install apache2-utils", { cause: error });
  return Number(/Requests per second:\s+([\d.]+)/.exec(stdout)?.[1]);
}

try {
  const { url } = modelgate("run").outputs;
  const [ours, theirs]: [number[], number[]] = [[], []];
  for (let run = 0; run < runs; run++) {
    ours.push(await asked(url!));
    theirs.push(apacheBench(url!));
  }
  const ratio = (median(ours) / median(theirs)).toFixed(2);
  const memory = (process.memoryUsage().rss / 1e6).toFixed(0);
  console.log(
    `${count} rows, ${concurrency} at a time: ${spread(ours, "rows/s")}; ab ${spread(theirs, "requests/s")}; ratio ${ratio}; ${memory} MB resident`,
  );
} finally {
  modelgate("remove", "--environment", "staging");
  rmSync(folder, { recursive: true });
}
