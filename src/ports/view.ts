import type { Outcome } from "../domain/outcome.ts";
import type { Problem } from "../domain/problem.ts";
import type { Release } from "../domain/release.ts";
import type { CommandName } from "../domain/request.ts";

/** What is shown, of which command. */
interface About {
  command: CommandName;
  /** Whether the command concludes a release: then its verdict is shown at the commit and in the pull request. */
  concluding: boolean;
}

/** A deployment that is about to happen. */
export interface Beginning extends About {
  environment: string;
  release: Release;
}

/** An outcome, and the same as Markdown in which nothing from outside does anything, of a length that fits in a comment. */
export interface Shown extends About {
  outcome: Outcome;
  markdown: string;
}

/** A command that ended without an outcome, and the same as Markdown. */
export interface Failure extends About {
  problems: readonly Problem[];
  markdown: string;
}

/**
 * Where people see what is done. Only a view: nothing is read from it to decide anything, and no method ever throws. What
 * cannot be shown becomes one warning, with what to do about it.
 */
export interface View {
  readonly kind: string;
  /** Says that an environment is about to change. Takes half a minute at most. */
  begin(beginning: Beginning, signal: AbortSignal): Promise<void>;
  /** Shows what a command came to, and what runs where since. Once again is no second entry. */
  show(shown: Shown, signal: AbortSignal): Promise<void>;
  /** Says that a command failed: what was begun is not left as if it went on. Works when the command was stopped, too. */
  fail(failure: Failure): Promise<void>;
}
