import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { median, spread } from "./numbers.ts";

/*
 * npm run bench -- load [rate] [seconds]: what the load generator itself costs and how late it sends, against a server on loopback in a
 * process of its own, beside the algorithm of wrk2 on bare sockets and autocannon (pinned, fetched into a temporary folder), in
 * turn. Lag is sent minus intended; autocannon knows no intended send.
 */

const autocannon = "autocannon@9.0.0";
const runs = 3;
const folder = join(import.meta.dirname, "load");

interface Told {
  requests: number;
  lagP99: number | null;
  latencyP99: number;
  cpu: number;
}

const told = (script: string, words: readonly string[]): Told =>
  JSON.parse(execFileSync(process.execPath, [join(folder, script), ...words], { encoding: "utf8" })) as Told;

/** Takes turns of the three generators, and prints medians with their ranges, and ratios. */
export async function benchLoad(rate = 2000, seconds = 10): Promise<void> {
  const modules = mkdtempSync(join(tmpdir(), "modelgate-bench-"));
  const server = spawn(process.execPath, [join(folder, "server.mjs")], { stdio: ["ignore", "pipe", "inherit"] });
  try {
    execFileSync("npm", ["install", "--no-audit", "--no-fund", "--silent", "--prefix", modules, autocannon]);
    const [port] = (await once(server.stdout, "data")) as [Buffer];
    const words = [`http://127.0.0.1:${port.toString().trim()}`, String(rate), String(seconds * 1000)];
    const path = join(modules, "node_modules/autocannon/autocannon.js");
    const all = { ours: [] as Told[], wrk2: [] as Told[], autocannon: [] as Told[] };
    for (let run = 0; run < runs; run++) {
      all.ours.push(told("ours.ts", words));
      all.wrk2.push(told("wrk2.mjs", words));
      all.autocannon.push(told("autocannon.mjs", [...words, path]));
    }
    const of = (name: keyof typeof all, key: "lagP99" | "latencyP99" | "cpu") => all[name].map((one) => one[key] ?? 0);
    console.log(`${rate} requests a second for ${seconds} s, ${runs} runs in turn`);
    for (const name of ["ours", "wrk2", "autocannon"] as const) {
      const lag = name === "autocannon" ? "no lag known" : `lag p99 ${spread(of(name, "lagP99"), "ms")}`;
      const rest = `latency p99 ${spread(of(name, "latencyP99"), "ms")}, ${spread(of(name, "cpu"), "CPU s")}`;
      console.log(`${name}: ${all[name].map(({ requests }) => requests).join(", ")} requests, ${lag}, ${rest}`);
    }
    const ratio = (key: "lagP99" | "latencyP99" | "cpu", peer: keyof typeof all): string =>
      (median(of("ours", key)) / median(of(peer, key))).toFixed(2);
    console.log(
      `ours / wrk2: lag ${ratio("lagP99", "wrk2")}, latency ${ratio("latencyP99", "wrk2")}, CPU ${ratio("cpu", "wrk2")}; ours / autocannon: latency ${ratio("latencyP99", "autocannon")}, CPU ${ratio("cpu", "autocannon")}`,
    );
  } finally {
    server.kill();
    rmSync(modules, { recursive: true });
  }
}
