// What the bundle costs: its size, what is in it, and how much CPU `modelgate --version` takes against an empty module.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { median, spread } from "./numbers.ts";

const root = join(import.meta.dirname, "..");
const runs = 20;

/** CPU seconds (user and system) of a finished child process. */
function cpuOf(script: string): number {
  const timer = join(import.meta.dirname, "cpu.mjs");
  const { stdout } = spawnSync(process.execPath, [timer, script], { encoding: "utf8" });
  return Number(stdout);
}

/** Bytes of the bundle by the package they come from, from the module marks that ncc leaves. */
function contents(bundle: string): [string, number][] {
  const sizes = new Map<string, number>();
  const marks = [...bundle.matchAll(/^;\/\/ CONCATENATED MODULE: \.\/(.+)$|^\/\*\*\*\/ \d+:$/gm)];
  for (const [index, mark] of marks.entries()) {
    const length = (marks[index + 1]?.index ?? bundle.length) - mark.index;
    const path = mark[1];
    const name =
      path === undefined
        ? "CommonJS packages"
        : path.startsWith("build/")
          ? "modelgate"
          : (/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? "other");
    sizes.set(name, (sizes.get(name) ?? 0) + length);
  }
  return [...sizes].toSorted((a, b) => b[1] - a[1]);
}

/** Prints the bundle's figures. */
export function benchBundle(): void {
  const bundle = readFileSync(join(root, "dist/index.js"));
  console.log(
    `bundle: ${(bundle.length / 1000).toFixed(0)} kB, ${(gzipSync(bundle).length / 1000).toFixed(0)} kB gzipped`,
  );
  for (const [name, bytes] of contents(bundle.toString("utf8")))
    console.log(`  ${(bytes / 1000).toFixed(0).padStart(6)} kB  ${name}`);
  const folder = mkdtempSync(join(tmpdir(), "modelgate-bench-"));
  const empty = join(folder, "empty.mjs");
  writeFileSync(empty, "");
  const [ours, floor]: [number[], number[]] = [[], []];
  for (let run = 0; run < runs; run++) {
    ours.push(cpuOf(join(root, "dist/cli.js")));
    floor.push(cpuOf(empty));
  }
  rmSync(folder, { recursive: true });
  console.log(
    `start: node dist/cli.js --version ${spread(ours, "CPU s")}; an empty module ${spread(floor, "CPU s")}; ratio ${(median(ours) / median(floor)).toFixed(1)} (n = ${runs}, in turn)`,
  );
}
