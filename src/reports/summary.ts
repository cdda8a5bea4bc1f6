import type { Outcome, Section } from "../domain/outcome.ts";
import type { Problem } from "../domain/problem.ts";
import { sections, verdictWord } from "./sections.ts";

/** GitHub cuts a step's summary off at 1 MiB; what lies beyond this is left out and said. */
const limit = 900_000;

/** Text from a model, a data set or a server as Markdown that shows it and does nothing. */
export const escapeMarkdown = (text: string): string =>
  text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll(/[\\`*_{}[\]()#+!|~$@-]/g, (mark) => `&#${mark.codePointAt(0)};`)
    .replaceAll(/[\r\n]+/g, " ");

const line = (cells: readonly string[]): string => `| ${cells.map(escapeMarkdown).join(" | ")} |`;

const markdown = (section: Section): string =>
  [
    `### ${escapeMarkdown(section.title)}`,
    "",
    ...(section.rows.length > 0
      ? [line(section.columns), `|${" --- |".repeat(section.columns.length)}`, ...section.rows.map(line), ""]
      : []),
    ...section.notes.map((note) => `- ${escapeMarkdown(note)}`),
    "",
  ].join("\n");

const bounded = (parts: readonly string[]): string => {
  const kept: string[] = [];
  let size = 0;
  for (const part of parts) {
    size += new TextEncoder().encode(part).length;
    if (size > limit)
      return [...kept, "The rest is left out: a summary may hold 1 MiB. The report file has all of it.", ""].join("\n");
    kept.push(part);
  }
  return kept.join("\n");
};

/** The job summary of an outcome: the verdict first. At most 1 MiB, everything from outside escaped. */
export const summary = (outcome: Outcome): string =>
  bounded([`## ${verdictWord(outcome)}: ${escapeMarkdown(outcome.headline)}`, "", ...sections(outcome).map(markdown)]);

/** The job summary of a command that came to no outcome. */
export const failureSummary = (problems: readonly Problem[], context: readonly string[]): string =>
  bounded([
    "## ERROR: no outcome",
    "",
    ...problems.map((problem) => {
      const at = problem.at
        ? ` at ${[problem.at.file, problem.at.line, problem.at.column].filter((part) => part !== undefined).join(":")}`
        : "";
      return `- **${escapeMarkdown(problem.code)}**${escapeMarkdown(at)}: ${escapeMarkdown(problem.message)} ${escapeMarkdown(problem.hint)}`;
    }),
    ...(problems.length === 0 ? context.slice(0, 20).map(escapeMarkdown) : []),
    "",
  ]);
