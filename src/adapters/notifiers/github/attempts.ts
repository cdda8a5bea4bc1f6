import type { GitHubRun } from "../../../domain/github-run.ts";
import { type Problem, UserError, WorldError } from "../../../domain/problem.ts";
import type { Host } from "../../../ports/host.ts";

/** The parts of the view. One that lacks its permission does not keep the others from being shown. */
export type Part = "deployment" | "commit status" | "comment" | "artifact record";

/** What went wrong, as a problem. What is none of ours is GitHub's doing as well: an answer that is not as documented. */
function problemOf(error: unknown): Problem {
  if (error instanceof UserError) return error.problems[0]!;
  if (error instanceof WorldError) return error.problem;
  const message = error instanceof Error ? error.message : String(error);
  const timedOut = error instanceof Error && error.name === "TimeoutError";
  return {
    code: timedOut ? "github.unavailable" : "github.refused",
    message: timedOut ? "GitHub took too long" : `GitHub's answer is not as documented: ${message}`,
    hint: "Only the view is incomplete: the outcome stands.",
  };
}

/**
 * Makes work that can fail without consequences: what cannot be shown becomes a warning, once for each thing that has to be
 * done about it, and never an error. What lacks a permission is not tried again.
 */
export function createAttempts({ pullRequest }: GitHubRun, host: Pick<Host, "note" | "warn">) {
  const forbidden = new Set<Part>();
  const said = new Set<string>();
  return async function attempt(part: Part, work: () => Promise<void>, signal: AbortSignal): Promise<void> {
    if (forbidden.has(part)) return;
    try {
      await work();
    } catch (error) {
      // Stopped with the command itself: there is nothing to say about the view.
      if (signal.aborted && error === signal.reason && !isTimeout(error)) return;
      const { code, message, hint } = problemOf(error);
      if (code === "github.permission") forbidden.add(part);
      const text = `the ${part} is not shown: ${message}`;
      const known = said.has(hint);
      said.add(hint);
      if (code === "github.permission" && pullRequest?.fork)
        host.note(`the ${part} is not shown: the token of a pull request from a fork may only read`);
      else if (known) host.note(text);
      else host.warn({ code, message: text, hint });
    }
  };
}

const isTimeout = (error: unknown): boolean => error instanceof Error && error.name === "TimeoutError";
