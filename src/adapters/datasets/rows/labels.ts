import type { JsonValue } from "../../../domain/json.ts";
import type { Label } from "../../../domain/reading.ts";
import type { RowPlan } from "../../../ports/dataset.ts";
import { BadRow } from "./bad-row.ts";

/** The text of a cell; empty for what has none. */
export const textOf = (cell: JsonValue | undefined): string =>
  cell === undefined || cell === null || typeof cell === "object" ? "" : String(cell).trim();

const needed = "A row without a label cannot be judged: fill it in or leave the row out.";

function oneText(cell: JsonValue | undefined, column: string): string {
  const label = textOf(cell);
  if (label !== "") return label;
  const list = Array.isArray(cell);
  throw new BadRow(column, list ? "the label is a list, and one value is wanted" : "the label is empty", needed);
}

/** Texts of a list, or of one cell with a separator. A text that is alone may be empty: nothing can be the right answer. */
function manyTexts(cell: JsonValue | undefined, column: string, separator: string | null): readonly string[] {
  if (Array.isArray(cell)) {
    if (cell.every((item) => item !== null && typeof item !== "object")) return cell.map(String);
    throw new BadRow(column, "the label is a list that holds something else than texts", needed);
  }
  if (cell === undefined || cell === null || typeof cell === "object")
    throw new BadRow(column, "the label is missing", needed);
  const text = String(cell);
  if (separator === null) return [text];
  return text.trim() === "" ? [] : text.split(separator).map((part) => part.trim());
}

/** Numbers of a list, or of a cell that holds a JSON list. */
function numbers(cell: JsonValue | undefined, column: string): readonly number[] {
  const hint = "A golden vector is a list of numbers, such as [0.1, -0.5]; in CSV in quotes.";
  let list: unknown = cell;
  if (typeof cell === "string")
    try {
      list = JSON.parse(cell);
    } catch {
      list = null;
    }
  if (Array.isArray(list) && list.length > 0 && list.every((item) => Number.isFinite(item))) return list as number[];
  throw new BadRow(column, "the label is not a list of numbers", hint);
}

/** The label of a row, as the plan has it. @throws BadRow */
export function labelOf(cell: JsonValue | undefined, { label, labelKind, labelSeparator }: RowPlan): Label {
  if (labelKind === "texts") return manyTexts(cell, label, labelSeparator);
  return labelKind === "numbers" ? numbers(cell, label) : oneText(cell, label);
}
