import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, open, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { cut } from "../../domain/shorten.ts";
import type { ScriptCall, ScriptEnd, ScriptRunner } from "../../ports/script-runner.ts";

/** What programs need to start at all: nothing of it is a secret. */
const usual = ["PATH", "HOME", "USER", "LANG", "LC_ALL", "TZ", "TMPDIR", "TEMP", "TMP", "VIRTUAL_ENV", "SystemRoot"];
const keptOfLog = 4096;
const graceMilliseconds = 2000;

/** Where scripts run, and how much they may say. */
export interface ScriptPlace {
  env: Readonly<Record<string, string>>;
  folder: string;
  temporaryFolder: string;
  /** 64 MB unless told. */
  mostBytes?: number;
}

/** How a process came to its end. */
interface Ended {
  failure: string | null;
  stdout: string;
  stderr: string;
}

/** Ends a script and all that it started; the group is gone when nothing of it is left. */
function endGroup({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // It ended by itself meanwhile.
  }
}

const megabytes = (bytes: number): string => `${bytes / 1e6} MB`;

/** Runs a process in a group of its own, so that what it started ends with it. */
async function runInGroup(
  { words: [program = "", ...words], milliseconds }: Pick<ScriptCall, "words" | "milliseconds">,
  { env, folder, mostBytes }: { env: Record<string, string>; folder: string; mostBytes: number },
  signal: AbortSignal,
): Promise<Ended> {
  const child = spawn(program, words, { cwd: folder, env, detached: true, stdio: ["ignore", "pipe", "pipe"] });
  const over = new AbortController();
  let [failure, bytes, stderr]: [string | null, number, string] = [null, 0, ""];
  const parts: Buffer[] = [];
  const stop = (why: string | null): void => {
    failure ??= why;
    endGroup(child, "SIGTERM");
    wait(graceMilliseconds, null, { signal: over.signal }).then(
      () => endGroup(child, "SIGKILL"),
      () => undefined,
    );
  };
  const late = setTimeout(() => stop(`did not end within ${milliseconds / 1000} s`), milliseconds);
  const cancelled = (): void => stop("was cancelled");
  signal.addEventListener("abort", cancelled, { once: true });
  child.stdout.on("data", (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes <= mostBytes) parts.push(chunk);
    else stop(`printed more than ${megabytes(mostBytes)}`);
  });
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
    stderr = (stderr + chunk).slice(-keptOfLog);
  });
  try {
    await new Promise<void>((resolve) => {
      child.once("error", (error) => {
        failure ??= `cannot be started: ${error.message}`;
        resolve();
      });
      // What it left running would hold its output open.
      child.once("exit", () => endGroup(child, "SIGKILL"));
      child.once("close", (code, by) => {
        if (code !== 0) failure ??= code === null ? `was ended by ${by}` : `ended with exit code ${code}`;
        resolve();
      });
    });
  } finally {
    clearTimeout(late);
    over.abort();
    signal.removeEventListener("abort", cancelled);
  }
  signal.throwIfAborted();
  return { failure, stdout: Buffer.concat(parts).toString("utf8"), stderr };
}

/** A file a script may have written: its text, null where there is none, or why it is not read. */
async function writtenTo(path: string, mostBytes: number): Promise<{ text: string | null; failure: string | null }> {
  const file = await open(path).catch(() => null);
  if (!file) return { text: null, failure: null };
  try {
    const { size } = await file.stat();
    if (size > mostBytes) return { text: null, failure: `wrote more than ${megabytes(mostBytes)}` };
    return { text: await file.readFile("utf8"), failure: null };
  } finally {
    await file.close();
  }
}

/** Runs scripts on this machine, without a shell and with no more of our environment than they are to have. */
export function scriptRunner({ env, folder, temporaryFolder, mostBytes = 64e6 }: ScriptPlace): ScriptRunner {
  return {
    async run({ words, told, passed, milliseconds }: ScriptCall, signal): Promise<ScriptEnd> {
      signal.throwIfAborted();
      const unset = passed.filter((name) => !env[name]);
      if (unset.length > 0) return { output: null, failure: `needs ${unset.join(", ")}, which is not set`, log: "" };
      const secrets = passed.map((name) => env[name]!);
      const hide = (text: string): string => secrets.reduce((so, secret) => so.replaceAll(secret, "***"), text);
      const own = await mkdtemp(join(temporaryFolder, "modelgate-script-"));
      try {
        const path = join(own, "output.json");
        const given = [...usual, ...passed].flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]]]));
        const script = { ...Object.fromEntries(given), ...told, MODELGATE_OUTPUT: path };
        const ended = await runInGroup({ words, milliseconds }, { env: script, folder, mostBytes }, signal);
        const { text, failure } = await writtenTo(path, mostBytes);
        const failed = ended.failure ?? failure;
        return {
          output: failed === null ? hide(text ?? ended.stdout) : null,
          failure: failed === null ? null : hide(failed),
          log: cut(hide(ended.stderr.trim()), keptOfLog),
        };
      } finally {
        await rm(own, { recursive: true, force: true });
      }
    },
  };
}
