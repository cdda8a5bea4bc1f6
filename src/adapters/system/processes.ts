import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { setTimeout as wait } from "node:timers/promises";
import { getExecOutput } from "@actions/exec";

export interface CommandResult {
  exitCode: number;
  stdout: string;
  stderr: string;
}

/** Runs a command without a shell and waits for it. A command that cannot be started is exit code 127, not an error. */
export async function runCommand(
  command: string,
  words: readonly string[],
  options: { env?: Record<string, string>; input?: string; cwd?: string } = {},
): Promise<CommandResult> {
  try {
    return await getExecOutput(command, [...words], {
      silent: true,
      ignoreReturnCode: true,
      ...(options.env && { env: options.env }),
      ...(options.cwd && { cwd: options.cwd }),
      ...(options.input !== undefined && { input: Buffer.from(options.input) }),
    });
  } catch (error) {
    return { exitCode: 127, stdout: "", stderr: error instanceof Error ? error.message : String(error) };
  }
}

/** A command whose standard output is read as a stream: for archives that must not be held in memory. */
export function streamCommand(
  command: string,
  words: readonly string[],
  env: Record<string, string>,
  signal: AbortSignal,
): { stdout: NodeJS.ReadableStream; ended: Promise<number> } {
  const child = spawn(command, [...words], { env, signal, stdio: ["ignore", "pipe", "ignore"] });
  const ended = new Promise<number>((resolve) => {
    child.once("error", () => resolve(127));
    child.once("close", (code) => resolve(code ?? 1));
  });
  return { stdout: child.stdout, ended };
}

/** A process that outlives us: a pid alone may belong to another one by now, so its start time goes with it. */
export interface ProcessIdentity {
  pid: number;
  started: string;
}

/** When a process started, as the system tells it; null when there is none, or it is a zombie. */
async function startOf(pid: number): Promise<string | null> {
  if (process.platform === "linux") {
    const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => null);
    // The command's name, in parentheses, may hold spaces and parentheses.
    const fields = stat?.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields && fields[0] !== "Z" && fields[0] !== "X" ? (fields[19] ?? null) : null;
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

/**
 * Starts a process that goes on after us, its output appended to a log file.
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

const stepMilliseconds = 20;

/** Ends a process: SIGTERM, and SIGKILL when it is still there after the grace time. Resolves when it is gone. */
export async function terminate(identity: ProcessIdentity, graceMilliseconds: number): Promise<void> {
  for (const [signal, milliseconds] of [
    ["SIGTERM", graceMilliseconds],
    ["SIGKILL", 10_000],
  ] as const) {
    if (!(await isAlive(identity))) return;
    try {
      process.kill(identity.pid, signal);
    } catch {
      return;
    }
    for (let waited = 0; waited < milliseconds && (await isAlive(identity)); waited += stepMilliseconds)
      await wait(stepMilliseconds);
  }
}
