import { streamCommand } from "../../system/processes.ts";

/** One call of git, and what it said: its standard output as a text. */
export type Git = (
  words: readonly string[],
  signal: AbortSignal,
) => Promise<{ exitCode: number; stdout: string; stderr: string }>;

/** Runs git in a folder. */
export function gitIn(folder: string, env: Readonly<Record<string, string>>): Git {
  // A clone without all its objects must not ask somebody for a password.
  const quiet = { ...env, GIT_TERMINAL_PROMPT: "0", GIT_OPTIONAL_LOCKS: "0", LC_ALL: "C" };
  return async (words, signal) => {
    const { stdout, ended } = streamCommand("git", ["-C", folder, ...words], quiet, signal);
    const chunks: Buffer[] = [];
    stdout.on("data", (chunk: Buffer) => void chunks.push(chunk));
    const { exitCode, stderr } = await ended;
    signal.throwIfAborted();
    return { exitCode, stdout: Buffer.concat(chunks).toString("utf8"), stderr };
  };
}

/** The commit of a name; null when the clone has none. With the braces nothing is an option. */
export async function commitOf(git: Git, name: string, signal: AbortSignal): Promise<string | null> {
  const { exitCode, stdout } = await git(["rev-parse", "--verify", "--quiet", `${name}^{commit}`], signal);
  return exitCode === 0 ? stdout.trim() : null;
}
