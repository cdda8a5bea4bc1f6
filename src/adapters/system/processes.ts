import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { setTimeout as wait } from "node:timers/promises";
import { getExecOutput } from "@actions/exec";
import { unlessAborted } from "./unless-aborted.ts";

export interface CommandResult {
  exitCode: number;
  stdout: string;
  stderr: string;
}

export interface CommandOptions {
  env?: Record<string, string>;
  input?: string;
  cwd?: string;
  /** Stops waiting. A terminal or a runner that cancels ends the command itself, since it is of the same group. */
  signal?: AbortSignal;
}

/**
 * Runs a command without a shell and waits for it. A command that cannot be started is exit code 127, not an error.
 * @throws the signal's reason when it aborts.
 */
export async function runCommand(
  command: string,
  words: readonly string[],
  options: CommandOptions = {},
): Promise<CommandResult> {
  const { env, input, cwd, signal } = options;
  signal?.throwIfAborted();
  const running = getExecOutput(command, [...words], {
    silent: true,
    ignoreReturnCode: true,
    ...(env && { env }),
    ...(cwd && { cwd }),
    ...(input !== undefined && { input: Buffer.from(input) }),
  }).catch((error: unknown) => ({
    exitCode: 127,
    stdout: "",
    stderr: error instanceof Error ? error.message : String(error),
  }));
  return signal ? unlessAborted(running, signal) : running;
}

const keptOfErrors = 4096;

/**
 * A command whose standard output is read as a stream: for archives that must not be held in memory. `ended` gives the
 * exit code and the end of what it said on standard error; the signal kills it.
 */
export function streamCommand(
  command: string,
  words: readonly string[],
  env: Record<string, string>,
  signal: AbortSignal,
): { stdout: NodeJS.ReadableStream; ended: Promise<Omit<CommandResult, "stdout">> } {
  const child = spawn(command, [...words], { env, signal, stdio: ["ignore", "pipe", "pipe"] });
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
    stderr = (stderr + chunk).slice(-keptOfErrors);
  });
  const ended = new Promise<Omit<CommandResult, "stdout">>((resolve) => {
    child.once("error", (error) => resolve({ exitCode: 127, stderr: error.message }));
    child.once("close", (code) => resolve({ exitCode: code ?? 1, stderr }));
  });
  return { stdout: child.stdout, ended };
}

/** A process that outlives us: a pid alone may belong to another one by now, so its start time goes with it. */
export interface ProcessIdentity {
  pid: number;
  started: string;
}

/** The fields of Linux's /proc/<pid>/stat after the command's name; null when there is no such process. */
async function statOf(pid: number): Promise<string[] | null> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => null);
  // The name, in parentheses, may hold spaces and parentheses.
  return stat?.slice(stat.lastIndexOf(")") + 2).split(" ") ?? null;
}

/** When a process started, as the system tells it; null when there is none, or it is a zombie. */
async function startOf(pid: number): Promise<string | null> {
  if (process.platform === "linux") {
    const fields = await statOf(pid);
    if (!fields || fields[0] === "Z" || fields[0] === "X") return null;
    // Start times count from the boot, and say nothing without it.
    const boot = await readFile("/proc/sys/kernel/random/boot_id", "utf8").catch(() => "");
    return `${boot.trim()}/${fields[19]}`;
  }
  const { exitCode, stdout } = await runCommand("ps", ["-o", "lstart=", "-p", String(pid)]);
  return exitCode === 0 && stdout.trim() !== "" ? stdout.trim() : null;
}

/** This process. */
export const ownIdentity = async (): Promise<ProcessIdentity> => ({
  pid: process.pid,
  started: (await startOf(process.pid)) ?? "gone",
});

/** Whether exactly this process still runs. */
export const isAlive = async ({ pid, started }: ProcessIdentity): Promise<boolean> => (await startOf(pid)) === started;

/** Physical memory a process takes, in bytes; null where the system does not tell (only Linux does) or there is no such process. */
export async function residentBytes({ pid }: ProcessIdentity): Promise<number | null> {
  const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1];
  return kilobytes === undefined ? null : Number(kilobytes) * 1024;
}

/**
 * Starts a process that goes on after us, the leader of its own group, its output appended to a log file.
 * @throws Error when it cannot be started.
 */
export async function startDetached(
  command: string,
  words: readonly string[],
  options: { cwd: string; env: Record<string, string>; log: string },
): Promise<ProcessIdentity> {
  const log = openSync(options.log, "a");
  let child: ChildProcess;
  try {
    child = spawn(command, [...words], {
      cwd: options.cwd,
      env: options.env,
      detached: true,
      stdio: ["ignore", log, log],
    });
    await new Promise<void>((resolve, reject) => {
      child.once("spawn", resolve);
      child.once("error", reject);
    });
  } finally {
    closeSync(log);
  }
  child.unref();
  const pid = child.pid!;
  return { pid, started: (await startOf(pid)) ?? "gone" };
}

/**
 * Group leaders whose environment has an entry (`NAME=value`): processes that {@link startDetached} started, also by a
 * process of ours that was killed before it could write them down. Only Linux can tell; elsewhere there are none.
 */
export async function detachedWith(entry: string): Promise<ProcessIdentity[]> {
  if (process.platform !== "linux") return [];
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name)).map(Number);
  const found = await Promise.all(
    pids.map(async (pid) => {
      const environment = await readFile(`/proc/${pid}/environ`, "utf8").catch(() => "");
      if (!environment.split("\0").includes(entry) || (await statOf(pid))?.[2] !== String(pid)) return [];
      const started = await startOf(pid);
      return started === null ? [] : [{ pid, started }];
    }),
  );
  return found.flat();
}

const stepMilliseconds = 20;

/**
 * Ends a process that {@link startDetached} started, and its group: SIGTERM, and SIGKILL when it is still there after the
 * grace time. Resolves when it is gone.
 */
export async function terminate(identity: ProcessIdentity, graceMilliseconds: number): Promise<void> {
  for (const [signal, milliseconds] of [
    ["SIGTERM", graceMilliseconds],
    ["SIGKILL", 10_000],
  ] as const) {
    if (!(await isAlive(identity))) return;
    try {
      process.kill(-identity.pid, signal);
    } catch {
      return;
    }
    const deadline = performance.now() + milliseconds;
    while (performance.now() < deadline && (await isAlive(identity))) await wait(stepMilliseconds);
  }
}
