import type { Problem } from "../domain/problem.ts";
import type { Origin } from "../domain/release.ts";
import type { Job } from "../domain/trigger.ts";

/** Who is asking: a GitHub job or a terminal. It shows progress and problems while a command runs. */
export interface Host {
  /** The commit, run and actor that evidence and the ledger name, and where they are. */
  readonly source: Origin;
  /** The job of a workflow run that this is; null on a terminal. */
  readonly job: Job | null;
  /** The issue whose comment started this run; null when something else did. Only its number is taken from the event. */
  readonly approvalIssue: number | null;
  /** Runs one step of a command under a title (a log group, a line with the time taken). */
  step<T>(title: string, work: () => Promise<T>): Promise<T>;
  /** One line about what is being done now. Long work calls it with a share of 0 to 1. */
  note(text: string, share?: number): void;
  /** A problem that does not stop the command: shown as a warning, at its place. */
  warn(problem: Problem): void;
}
