import { randomUUID } from "node:crypto";
import * as core from "@actions/core";

/** The runner takes commands from lines that begin with `::`, and in an older form from anywhere in a line. */
const mayCommand = /::|##\[/;

/**
 * Writes text to the log of the step. Names, answers and logs in it may come from outside: where it could hold a command to the
 * runner, commands are stopped meanwhile, with a word nobody can know.
 */
export function log(text: string): void {
  if (!mayCommand.test(text)) return core.info(text);
  const word = randomUUID();
  core.info(`::stop-commands::${word}\n${text}\n::${word}::`);
}
