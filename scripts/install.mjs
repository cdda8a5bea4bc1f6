// Runs before every npm script, on the machine's own Node (20 or later): installs the packages when they are missing or older
// than the lock file, so that a fresh clone needs one command.
import { spawnSync } from "node:child_process";
import { statSync, utimesSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");
const modified = (path) => statSync(join(root, path), { throwIfNoEntry: false })?.mtimeMs ?? 0;

// `npm install --no-save` takes the versions and hashes of the lock file as `npm ci` does, but does not insist that a registry
// has the optional packages of every other platform.
if (modified("node_modules/.package-lock.json") < modified("package-lock.json")) {
  console.log("Installing the packages of package-lock.json …");
  const { status } = spawnSync("npm", ["install", "--no-save", "--no-audit", "--no-fund", "--loglevel=error"], {
    cwd: root,
    stdio: "inherit",
  });
  if (status !== 0) {
    console.error(
      "npm install failed; see its message above. The registry npm uses is the one of your own npm configuration.",
    );
    process.exit(status ?? 1);
  }
  // npm leaves the file alone when nothing changed; its time says that this lock file was looked at.
  utimesSync(join(root, "node_modules/.package-lock.json"), new Date(), new Date());
}
