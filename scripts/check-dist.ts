// Builds the source into a temporary folder and compares every file with the committed dist/. Exit 1 names what differs.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";

const root = join(import.meta.dirname, "..");
const fresh = mkdtempSync(join(tmpdir(), "modelgate-dist-"));

const hashes = (folder: string): Map<string, string> =>
  new Map(
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .map((path) => [relative(folder, path), createHash("sha256").update(readFileSync(path)).digest("hex")]),
  );

try {
  const run = (command: string, ...args: string[]) =>
    execFileSync(join(root, "node_modules/.bin", command), args, { cwd: root, stdio: "pipe" });
  rmSync(join(root, "build"), { recursive: true, force: true });
  run("tsc", "-p", "tsconfig.build.json");
  run("ncc", "build", "build/src/main.js", "-o", fresh, "--license", "licenses.txt");
  execFileSync(process.execPath, [join(root, "scripts/stubs.ts"), fresh], { stdio: "pipe" });
  const [built, committed] = [hashes(fresh), hashes(join(root, "dist"))];
  const differing = [...new Set([...built.keys(), ...committed.keys()])]
    .filter((file) => built.get(file) !== committed.get(file))
    .toSorted();
  if (differing.length > 0) {
    console.error(
      `dist/ is not the build of the source. Run "npm run build" and commit dist/. Differing: ${differing.join(", ")}`,
    );
    process.exitCode = 1;
  } else console.log(`dist/ is the build of the source (${built.size} files)`);
} finally {
  rmSync(fresh, { recursive: true, force: true });
}
