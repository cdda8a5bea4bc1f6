import { spawnSync } from "node:child_process";
import { cpSync, createWriteStream, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { csv } from "../src/adapters/datasets/csv.ts";
import { v2 } from "../src/adapters/protocols/v2.ts";
import { systemClock } from "../src/adapters/system/clock.ts";
import { runFiles } from "../src/adapters/system/run-files.ts";
import { openSpill } from "../src/adapters/system/spill.ts";
import { sha256 } from "../src/domain/digest.ts";
import type { Sent } from "../src/ports/dataset.ts";
import { evaluate } from "../src/stages/evaluate.ts";
import { takeIn } from "../src/stages/rows.ts";
import { median, spread } from "./numbers.ts";

/*
 * node bench/evaluate.ts [rows…]: how many rows a second an evaluation asks of the digits example, served by the embedded runtime, from a
 * CSV file to predictions.jsonl, beside what ApacheBench (`ab`, package apache2-utils) gets out of the same server with the same
 * connections, in turn; and the most memory that the evaluation, a process of its own, ever had.
 */

const [concurrency, runs] = [8, 3];
const root = join(import.meta.dirname, "..");
const pixels = Array.from({ length: 64 }, (_, pixel) => pixel);
const pixelsOf = (row: number): number[] => pixels.map((pixel) => (row + pixel * 7) % 17);
const image = { repository: "bench.example/digits", digest: sha256("bench") };

interface Found {
  readSeconds: number;
  rowsPerSecond: number;
  peakMegabytes: number;
}

/** Reads and asks all rows of a file, in this process. */
async function evaluated(url: string, file: string, folder: string): Promise<Found> {
  const { signal } = new AbortController();
  const specs = [{ name: "image", dtype: "float32" as const, shape: [-1, 64] }];
  const columns = { label: "digit", labelKind: "text" as const, labelSeparator: null, id: null, group: null };
  const started = performance.now();
  using spill = openSpill<Sent>(folder);
  const plan = { specs, inputs: { image: "pixel_0..pixel_63" }, ...columns, partners: null, slices: [], split: null };
  const data = await takeIn(csv.rows(file, plan, signal), spill);
  const read = performance.now();
  await using session = v2.connect({ url, protocol: "v2" }, "digits");
  const running = { image, modelDigest: image.digest, endpoint: { url, protocol: "v2" } };
  const { observations } = await evaluate({
    ...{ ...data, file, concurrency, clock: systemClock, signal, champion: null, candidate: { session, image } },
    plan: { task: "multiclass", classes: "0123456789".split(""), output: null, threshold: 0.5 },
    failedRows: { policy: "error", maxShare: null },
    running: async () => running,
    files: runFiles(folder),
    progress: () => undefined,
    warn: () => undefined,
  });
  if (observations.failedRows > 0) throw new Error(`${observations.failedRows} rows got no answer`);
  return {
    readSeconds: (read - started) / 1000,
    rowsPerSecond: data.identity.rows / ((performance.now() - read) / 1000),
    peakMegabytes: process.resourceUsage().maxRSS / 1024,
  };
}

function apacheBench(url: string, folder: string, count: number): number {
  const body = join(folder, "body.json");
  const input = { name: "image", shape: [1, 64], datatype: "FP32", data: pixelsOf(0) };
  writeFileSync(body, JSON.stringify({ id: "r0", inputs: [input] }));
  const words = ["-q", "-k", "-c", `${concurrency}`, "-n", `${count}`, "-p", body, "-T", "application/json"];
  const { stdout, error } = spawnSync("ab", [...words, `${url}/v2/models/digits/infer`], { encoding: "utf8" });
  if (error) throw new Error("ab is missing: apt-get install apache2-utils", { cause: error });
  return Number(/Requests per second:\s+([\d.]+)/.exec(stdout)?.[1]);
}

async function* lines(count: number): AsyncIterable<string> {
  yield `${pixels.map((pixel) => `pixel_${pixel}`).join(",")},digit\n`;
  for (let row = 0; row < count; row++) yield `${pixelsOf(row).join(",")},${row % 10}\n`;
}

async function compare(url: string, folder: string, count: number): Promise<void> {
  const file = join(folder, "rows.csv");
  await pipeline(lines(count), createWriteStream(file));
  const [ours, theirs]: [Found[], number[]] = [[], []];
  for (let run = 0; run < runs; run++) {
    const { stdout, stderr } = spawnSync(process.execPath, [import.meta.filename, "--asked", url, file, folder], {
      encoding: "utf8",
    });
    if (stdout === "") throw new Error(stderr);
    ours.push(JSON.parse(stdout) as Found);
    theirs.push(apacheBench(url, folder, count));
  }
  const rates = ours.map(({ rowsPerSecond }) => rowsPerSecond);
  const peak = Math.max(...ours.map(({ peakMegabytes }) => peakMegabytes)).toFixed(0);
  const read = median(ours.map(({ readSeconds }) => readSeconds)).toFixed(1);
  // By pair: what else the machine does meanwhile changes from one pair to the next.
  const ratios = rates.map((rate, run) => rate / theirs[run]!);
  console.log(
    `${count} rows, ${concurrency} at a time: read in ${read} s; ${spread(rates, "rows/s")}; ab ${spread(theirs, "requests/s")}; ${spread(ratios, "of it")}; at most ${peak} MB resident`,
  );
}

async function bench(counts: readonly number[]): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "modelgate-bench-"));
  cpSync(join(root, "examples/digits"), folder, { recursive: true, filter: (path) => !path.endsWith(".modelgate") });
  const config = join(folder, "modelgate.yml");
  writeFileSync(config, readFileSync(config, "utf8").replace("duration: 8 s", "duration: 2 s"));
  const modelgate = (...words: string[]): { outputs: Record<string, string> } => {
    const { stdout } = spawnSync(process.execPath, [join(root, "dist/cli.js"), ...words, "--json"], {
      cwd: folder,
      encoding: "utf8",
    });
    return JSON.parse(stdout) as { outputs: Record<string, string> };
  };
  try {
    const { url } = modelgate("run").outputs;
    for (const count of counts) await compare(url!, folder, count);
  } finally {
    modelgate("remove", "--environment", "staging");
    rmSync(folder, { recursive: true });
  }
}

const [mode, ...words] = process.argv.slice(2);
if (mode === "--asked") console.log(JSON.stringify(await evaluated(words[0]!, words[1]!, words[2]!)));
else await bench(mode === undefined ? [10_000, 100_000] : [mode, ...words].map(Number));
