/** What stands before a column whose cells name files. */
const fileMark = /^(file|base64):\s*(.+)$/s;

/** What an input takes: cells, or the file that the cell of a column names, as it is or in base64. */
export type Takes = "cells" | "file" | "base64";

/** Whether a column of files is meant, and which. */
export function fileColumn(written: string): { takes: Exclude<Takes, "cells">; column: string } | null {
  const [, mark, column] = fileMark.exec(written) ?? [];
  return mark === undefined || column === undefined
    ? null
    : { takes: mark as "file" | "base64", column: column.trim() };
}

/** The parts of a list of columns: names, globs and ranges. */
export const partsOf = (written: string): string[] => written.split(",").map((part) => part.trim());

/** Columns that a glob such as `pixel_*` fits. */
export function globOf(glob: string): RegExp {
  const literal = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
  return new RegExp(`^${glob.split("*").map(literal).join(".*")}$`, "s");
}

/** `pixel_0..pixel_63`: the same name but for its last number. */
const range = /^(?<before>.*?)(?<from>\d+)(?<after>\D*)\.\.\k<before>(?<to>\d+)\k<after>$/s;

/** Names by number; `p_08..p_11` keeps the leading zeros. Null for what is no range. */
export function rangeOf(part: string): { first: number; last: number; name: (number: number) => string } | null {
  const { before = "", from = "", after = "", to = "" } = range.exec(part)?.groups ?? {};
  const [first, last] = [Number(from), Number(to)];
  if (from === "" || first > last) return null;
  const width = from.startsWith("0") ? from.length : 0;
  return { first, last, name: (number) => `${before}${String(number).padStart(width, "0")}${after}` };
}

function rangeTakes(part: string, column: string): boolean {
  const { first, last, name } = rangeOf(part) ?? {};
  if (first === undefined || last === undefined || !name) return false;
  const numbers = column.match(/\d+/g)?.map(Number) ?? [];
  return numbers.some((number) => number >= first && number <= last && name(number) === column);
}

/** Whether what is written for an input takes a column, whatever else the data have. */
export const takesColumn = (written: string, column: string): boolean =>
  partsOf(fileColumn(written)?.column ?? written).some((part) => globOf(part).test(column) || rangeTakes(part, column));
