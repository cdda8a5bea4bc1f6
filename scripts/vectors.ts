// Runs the reference vectors of a folder through the shipped code and prints what differs. Exit 1 on any difference.
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { checkFolder } from "../test/vectors/compare.ts";
import { runners } from "../test/vectors/index.ts";

function run(folder: string): number {
  const files = checkFolder(folder, runners);
  if (files.length === 0) {
    console.error(`${folder} holds no vector file (*.json)`);
    return 2;
  }
  let differing = 0;
  for (const { file, cases, differences } of files) {
    if (differences === null) {
      console.log(`${file}: not covered yet (${cases} cases)`);
      continue;
    }
    for (const found of differences)
      console.log(`${file} ${found.case} ${found.path || "(all)"}: got ${show(found.got)}, want ${show(found.want)}`);
    const failed = new Set(differences.map((found) => found.case)).size;
    differing += failed;
    console.log(`${file}: ${cases - failed} of ${cases} cases agree`);
  }
  const covered = files.filter(({ differences }) => differences !== null);
  const total = covered.reduce((sum, { cases }) => sum + cases, 0);
  console.log(`${covered.length} of ${files.length} files covered: ${total} cases, ${differing} differ`);
  return differing > 0 ? 1 : 0;
}

const show = (value: unknown): string =>
  typeof value === "number" ? String(value) : (JSON.stringify(value) ?? "nothing");

const folder = process.argv[2];
if (folder === undefined || !existsSync(resolve(folder))) {
  console.error(folder === undefined ? "Say which folder: npm run vectors -- FOLDER" : `There is no folder ${folder}`);
  process.exitCode = 2;
} else process.exitCode = run(resolve(folder));
