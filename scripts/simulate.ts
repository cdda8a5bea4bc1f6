// Puts models whose truth is known through the shipped gate, many times, and holds what it says against its promises:
// false promotions at the margin, power at the printed number of rows, and the correction for 50 slices.
// Two to four minutes on two cores; `--runs 10000` for a closer look of about half an hour. Exit 1 when a promise is not kept.
import { parseArgs } from "node:util";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { groups } from "../test/simulate/groups.ts";
import { margins } from "../test/simulate/margins.ts";
import { power } from "../test/simulate/power.ts";
import type { Line } from "../test/simulate/scenario.ts";
import { slices } from "../test/simulate/slices.ts";

/** What each core does; the two take about as long. */
const halves: readonly ((runs: number) => Line[])[] = [
  margins,
  (runs) => [...power(runs), ...slices(runs), ...groups(runs)],
];

const ask = (half: number, runs: number): Promise<Line[]> =>
  new Promise((resolve, reject) => {
    const worker = new Worker(new URL(import.meta.url), { workerData: { half, runs } });
    worker.on("message", resolve);
    worker.on("error", reject);
    worker.on("exit", (code) => reject(new Error(`a simulation ended with ${code} and without a result`)));
  });

const percent = (share: number): string => `${(100 * share).toFixed(2)} %`;

function table(lines: readonly Line[]): string {
  const cells = lines.map(({ method, n, runs, nominal, known, measured, allowed, ok, what }) => [
    method,
    String(n),
    String(runs),
    percent(nominal) + (known === null ? "" : ` (known: ${percent(known)})`),
    percent(measured),
    percent(allowed),
    ok ? "yes" : "NO",
    what.replaceAll(/(\.\d{4})\d+/g, "$1"),
  ]);
  const all = [["method", "n", "runs", "nominal", "measured", "allowed", "ok", "what"], ...cells];
  const widths = all[0]!.map((_, column) => Math.max(...all.map((row) => row[column]!.length)));
  const line = (row: readonly string[]) =>
    row.map((cell, c) => (c === 0 || c === 7 ? cell.padEnd(widths[c]!) : cell.padStart(widths[c]!))).join("  ");
  return all.map((row) => line(row).trimEnd()).join("\n");
}

async function run(): Promise<number> {
  const { values } = parseArgs({ options: { runs: { type: "string", default: "1000" } } });
  const runs = Number(values.runs);
  if (!Number.isInteger(runs) || runs < 1) {
    console.error(`--runs ${values.runs} is no number of runs: give a whole number such as 10000`);
    return 2;
  }
  const began = Date.now();
  const lines = (await Promise.all(halves.map((_, half) => ask(half, runs)))).flat();
  console.log(table(lines));
  const beyond = lines.filter(({ ok }) => !ok).length;
  console.log(`${lines.length} promises, ${beyond} not kept; ${Math.round((Date.now() - began) / 1000)} s`);
  return beyond > 0 ? 1 : 0;
}

if (isMainThread) process.exitCode = await run();
else parentPort!.postMessage(halves[workerData.half]!(workerData.runs), []);
