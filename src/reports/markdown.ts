import type { Section } from "../domain/section.ts";
import { cut } from "../domain/shorten.ts";

/** A cell or a sentence longer than this is cut: whole logs and pages of HTML belong in a file. */
const longestCell = 2000;

const longestTitle = 200;

const entity = (mark: string): string => `&#${mark.codePointAt(0)};`;

/** Nothing but an element, here an empty comment, keeps GitHub from linking and notifying; it leaves no trace in what is copied. */
const apart = "<!-- -->";

/** Controls, and marks that make text run the other way: what is shown is what is there. */
const steering = /[\p{Cc}\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069]+/gu;

/** Whether GitHub would take the mark at a place for the beginning of a mention of somebody or of an issue. */
function mentions(text: string, at: number): boolean {
  const [before, mark, after] = [text.slice(Math.max(0, at - 2), at), text[at], text.slice(at + 1, at + 8)];
  if (mark === "#") return /^\d/.test(after);
  if (mark === "-") return /^gh$/i.test(before) && /^\d/.test(after);
  // The digest of an image stands behind a letter, so it mentions nobody, and people copy it.
  return mark === "@" && /^[a-z0-9]/i.test(after) && !(/[a-z0-9]$/i.test(before) && after === "sha256:");
}

/**
 * Text from a model, a data set or a server as Markdown that shows it and does nothing: no HTML, no formatting, no link, and no
 * mention of a person, a team or an issue. GitHub looks for mentions after it has resolved entities, so those are not enough.
 */
export const escapeMarkdown = (text: string): string =>
  text
    .toWellFormed()
    .replaceAll(steering, " ")
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll(/[\\`*_{}[\]()#+!|~$@-]/g, (mark, at: number, all: string) =>
      mentions(all, at) ? `${entity(mark)}${apart}` : entity(mark),
    )
    .replace(/^ *(\d{1,9})\./, "$1&#46;")
    .replaceAll(/:(?=\/\/)/g, entity)
    .replaceAll(/(?<=\bwww)\./gi, entity);

const line = (cells: readonly string[]): string =>
  `| ${cells.map((cell) => escapeMarkdown(cut(cell, longestCell))).join(" | ")} |\n`;

/** How long a text is, in whatever the place it goes to counts. */
export type Measure = (text: string) => number;

/** UTF-8 bytes, as GitHub counts a summary. */
export const bytes: Measure = (text) => Buffer.byteLength(text);

/** UTF-16 units: never fewer than the characters that GitHub counts in a comment. */
export const units: Measure = (text) => text.length;

/** A section as pieces of Markdown that can be left off from the end. */
interface Pieces {
  head: string;
  rows: string[];
  notes: string[];
}

const piecesOf = ({ title, columns, rows, notes }: Section): Pieces => ({
  head: `### ${escapeMarkdown(cut(title, longestTitle))}\n\n${rows.length > 0 ? `${line(columns)}|${" --- |".repeat(columns.length)}\n` : ""}`,
  rows: rows.map(line),
  notes: notes.map((note) => `- ${escapeMarkdown(cut(note, longestCell))}\n`),
});

const joined = ({ head, rows, notes }: Pieces): string =>
  `${head}${rows.join("")}${rows.length > 0 && notes.length > 0 ? "\n" : ""}${notes.join("")}\n`;

/** As many pieces from the front as fit. */
function fitting(pieces: readonly string[], budget: number, measure: Measure): { kept: string[]; size: number } {
  const kept: string[] = [];
  let size = 0;
  for (const piece of pieces) {
    const next = size + measure(piece);
    if (next > budget) break;
    size = next;
    kept.push(piece);
  }
  return { kept, size };
}

/** Room for the sentence that says what is missing. */
const sentence = 200;

/** A section cut to a length, with a sentence that says what is missing. Its notes say why, and go last. */
function cutSection(pieces: Pieces, budget: number, { measure, rest }: { measure: Measure; rest: string }): string {
  const whole = joined(pieces);
  if (measure(whole) <= budget) return whole;
  const room = budget - measure(pieces.head) - sentence;
  const notes = fitting(pieces.notes, room / 2, measure);
  const rows = fitting(pieces.rows, room - notes.size, measure);
  const missing = [
    [pieces.rows.length - rows.kept.length, "row"] as const,
    [pieces.notes.length - notes.kept.length, "sentence"] as const,
  ]
    .filter(([count]) => count > 0)
    .map(([count, what]) => `${count} ${what}${count === 1 ? "" : "s"}`);
  const said = `- ${missing.join(" and ")} left out here: there is no room. ${rest}\n`;
  return joined({ ...pieces, rows: rows.kept, notes: [...notes.kept, said] });
}

/** What each part may take so that all fit: the small ones are whole, the large ones share what is left alike. */
export function fairShare(sizes: readonly number[], budget: number): number {
  let left = budget;
  for (const [index, size] of sizes.toSorted((a, b) => a - b).entries()) {
    const share = left / (sizes.length - index);
    if (size > share) return Math.floor(share);
    left -= size;
  }
  return Number.POSITIVE_INFINITY;
}

/**
 * Sections as Markdown of at most a length. A section too long is cut, and says what of it is missing and where to find it.
 * @param rest a sentence: where all of it is.
 */
export function boundedMarkdown(
  sections: readonly Section[],
  budget: number,
  options: { measure: Measure; rest: string },
): string {
  const pieces = sections.map(piecesOf);
  const share = fairShare(
    pieces.map((one) => options.measure(joined(one))),
    budget,
  );
  return joinedWithin(
    pieces.map((one) => cutSection(one, share, options)),
    budget,
    options,
  );
}

/** As many parts as fit: with hundreds of them even their titles are too much. */
function joinedWithin(
  parts: readonly string[],
  budget: number,
  { measure, rest }: { measure: Measure; rest: string },
): string {
  const whole = parts.join("");
  if (measure(whole) <= budget) return whole;
  const { kept } = fitting(parts, budget - sentence, measure);
  return `${kept.join("")}${parts.length - kept.length} more tables left out: there is no room. ${rest}\n`;
}
