import type { Outcome } from "../domain/outcome.ts";
import type { Problem } from "../domain/problem.ts";
import type { Section } from "../domain/section.ts";
import { cut } from "../domain/shorten.ts";
import { boundedMarkdown, bytes, escapeMarkdown } from "./markdown.ts";
import { sections, verdictWord } from "./sections.ts";

/** GitHub drops a step's summary beyond 1 MiB as a whole. */
const limit = 2 ** 20;

const longestHeadline = 4000;

/** The head of a report: the verdict first. */
export const heading = (outcome: Outcome): string =>
  `## ${verdictWord(outcome)}: ${escapeMarkdown(cut(outcome.headline, longestHeadline))}\n\n`;

/** The head of a report about a command that came to no outcome. */
export const failureHeading = "## ERROR: no outcome\n\n";

const placeOf = ({ at }: Problem): string =>
  at ? ` at ${[at.file, at.line, at.column].filter((part) => part !== undefined).join(":")}` : "";

/** Why a command came to no outcome: problems, or without any the first lines of what else is known. */
export function failureSections(problems: readonly Problem[], context: readonly string[]): Section[] {
  const notes = problems.map((problem) => `${problem.code}${placeOf(problem)}: ${problem.message} ${problem.hint}`);
  return [{ title: "Why", columns: [], rows: [], notes: problems.length > 0 ? notes : context.slice(0, 20) }];
}

const bounded = (head: string, parts: readonly Section[], rest: string): string =>
  `${head}${boundedMarkdown(parts, limit - bytes(head), { measure: bytes, rest })}`;

/** The job summary of an outcome: the verdict first. At most 1 MiB, everything from outside escaped. */
export const summary = (outcome: Outcome): string =>
  bounded(heading(outcome), sections(outcome), "The report file has all of it.");

/** The job summary of a command that came to no outcome. */
export const failureSummary = (problems: readonly Problem[], context: readonly string[]): string =>
  bounded(failureHeading, failureSections(problems, context), "The log has all of it.");
