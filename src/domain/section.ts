/** A part of a report, before it becomes Markdown, HTML or text. Cells are plain text: each renderer escapes them. */
export interface Section {
  title: string;
  columns: readonly string[];
  rows: readonly (readonly string[])[];
  /** Sentences below the table. */
  notes: readonly string[];
}
