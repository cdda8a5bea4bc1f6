import type { Outcome } from "../domain/outcome.ts";
import type { Problem } from "../domain/problem.ts";
import type { Source } from "../domain/release.ts";
import type { Section } from "../domain/section.ts";
import { boundedMarkdown, escapeMarkdown, units } from "./markdown.ts";
import { sections } from "./sections.ts";
import { failureHeading, failureSections, heading } from "./summary.ts";

/** GitHub refuses a comment of more characters, and with it all of it. Some are left for the hidden lines at its start. */
export const longestComment = 65_536 - 536;

/** Of which commit and run a comment is. The address is the runner's word; it is kept from ending the link all the same. */
function footer({ commit, run }: Source): string {
  const where = run === null ? "" : ` in [this run](${encodeURI(run).replaceAll(/[()]/g, "")})`;
  return `<sub>modelgate${commit === null ? "" : ` at ${escapeMarkdown(commit)}`}${where}</sub>\n`;
}

function comment(head: string, parts: readonly Section[], source: Source): string {
  const end = footer(source);
  const budget = longestComment - units(head) - units(end);
  return `${head}${boundedMarkdown(parts, budget, { measure: units, rest: "The summary of the run has more." })}${end}`;
}

/** The comment in a pull request about an outcome. */
export const outcomeComment = (outcome: Outcome, source: Source): string =>
  comment(heading(outcome), sections(outcome), source);

/** The comment about a command that came to no outcome: an earlier commit's verdict must not be taken for this one's. */
export function failureComment(
  { model, problems }: { model: string | null; problems: readonly Problem[] },
  source: Source,
): string {
  const head = model === null ? failureHeading : `${failureHeading}${escapeMarkdown(model)} was not judged.\n\n`;
  const context = ["modelgate failed: the log of the run has the reason"];
  return comment(head, failureSections(problems, context), source);
}
