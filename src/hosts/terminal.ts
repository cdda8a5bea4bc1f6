import { userInfo } from "node:os";
import type { Outcome } from "../domain/outcome.ts";
import type { Problem } from "../domain/problem.ts";
import { terminalReport } from "../reports/terminal.ts";
import { exitCodeOf, formatPlace, outputsOf, type Shell, sortFailure } from "./shell.ts";

interface Streams {
  /** Results: the report, or JSON. */
  out: NodeJS.WritableStream;
  /** Progress and problems. */
  err: NodeJS.WritableStream & { isTTY?: boolean };
}

const problemLines = (problem: Problem, word: string): string =>
  `${word}: ${problem.at ? `${formatPlace(problem.at)}: ` : ""}${problem.message}\n  ${problem.hint}\n`;

/** The host of a terminal: progress on standard error, the outcome as a table or JSON on standard output. */
export function terminalShell(options: { version: string; json: boolean; streams: Streams }): Shell {
  const { out, err } = options.streams;
  const say = (text: string): void => void err.write(text);
  let transient = false;
  const clear = (): void => {
    if (transient) say("\r\u001B[2K");
    transient = false;
  };
  return {
    source: {
      commit: process.env["MODELGATE_COMMIT"] ?? null,
      run: null,
      actor: userInfo().username,
      repository: null,
      ref: null,
      workflow: null,
    },
    job: null,
    approvalIssue: null,
    async step(title, work) {
      const started = performance.now();
      try {
        const result = await work();
        clear();
        say(`  ${title.padEnd(12)}${((performance.now() - started) / 1000).toFixed(1).padStart(6)} s\n`);
        return result;
      } catch (error) {
        clear();
        say(`  ${title.padEnd(12)}stopped\n`);
        throw error;
      }
    },
    note(text, share) {
      if (share !== undefined && !err.isTTY) return;
      clear();
      const percent = share === undefined ? "" : `${Math.floor(share * 100)} % `;
      say(err.isTTY ? `  ${percent}${text}` : `    ${text}\n`);
      transient = err.isTTY ?? false;
      if (share === undefined && err.isTTY) {
        say("\n");
        transient = false;
      }
    },
    warn(problem) {
      clear();
      say(problemLines(problem, "warning"));
    },
    async finish(outcome: Outcome) {
      clear();
      out.write(
        options.json
          ? `${JSON.stringify({ outputs: outputsOf(outcome), outcome }, null, 2)}\n`
          : terminalReport(outcome),
      );
      process.exitCode = exitCodeOf(outcome);
    },
    async fail(error) {
      clear();
      const { exitCode, problems, context } = sortFailure(error, options.version);
      for (const problem of problems) say(problemLines(problem, "error"));
      for (const line of context) say(`${line}\n`);
      if (options.json) out.write(`${JSON.stringify({ outputs: outputsOf(null), problems }, null, 2)}\n`);
      process.exitCode = exitCode;
    },
  };
}
