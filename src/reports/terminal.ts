import type { Outcome, Section } from "../domain/outcome.ts";
import { sections, verdictWord } from "./sections.ts";

/** Control characters of a foreign text must not steer the terminal. */
const plain = (text: string): string => text.replaceAll(/[\p{Cc}\p{Cf}]/gu, " ");

function table(section: Section): string[] {
  const lines = [...(section.columns.some((name) => name !== "") ? [section.columns] : []), ...section.rows].map(
    (row) => row.map(plain),
  );
  const widths = section.columns.map((_, column) => Math.max(...lines.map((row) => row[column]?.length ?? 0)));
  return lines.map((row) => `  ${row.map((cell, column) => cell.padEnd(widths[column]!)).join("  ")}`.trimEnd());
}

/** The outcome as a terminal shows it: the verdict first, then tables. */
export const terminalReport = (outcome: Outcome): string =>
  [
    "",
    `${verdictWord(outcome)}: ${plain(outcome.headline)}`,
    ...sections(outcome).flatMap((section) => [
      "",
      section.title,
      ...table(section),
      ...section.notes.map((note) => `  ${plain(note)}`),
    ]),
    "",
    "",
  ].join("\n");
