import { type FileMetaData, parquetSchema, type RowGroup, type SchemaElement, type SchemaTree } from "hyparquet";
import { Damaged } from "./damaged.ts";
import type { Levels } from "./pages.ts";
import { type CellOf, cellsOf, decodedAs } from "./values.ts";

/** A column of values or of lists of values. */
export interface Column {
  name: string;
  /** Its part of the schema, from the top. */
  elements: readonly SchemaElement[];
  /** Null for a struct or a map: it has no values of its own. */
  cellOf: CellOf | null;
}

/** Elements from the top of a column to its leaf; null when it has several leaves, or none. */
function pathTo(node: SchemaTree): SchemaElement[] | null {
  const { element, children } = node;
  const isMap = element.converted_type === "MAP" || element.logical_type?.type === "MAP";
  if (isMap || children.length > 1 || element.logical_type?.type === "VARIANT") return null;
  if (children.length === 0) return element.type ? [decodedAs(element)] : null;
  const below = pathTo(children[0]!);
  return below && [element, ...below];
}

/** A group that is neither a list nor inside of one is a struct. */
const isStruct = ({ element, children }: SchemaTree): boolean =>
  children.length > 0 && element.repetition_type !== "REPEATED" && element.converted_type !== "LIST";

function leafOf(node: SchemaTree): SchemaElement {
  const [child] = node.children;
  return child ? leafOf(child) : node.element;
}

/** The columns of a file. @throws Damaged when it has none, or a name stands twice. */
export function columnsOf(footer: FileMetaData): Column[] {
  const { children } = parquetSchema(footer);
  const columns = children.map((node): Column => {
    const elements = isStruct(node) ? null : pathTo(node);
    return { name: node.element.name, elements: elements ?? [], cellOf: elements && cellsOf(leafOf(node)) };
  });
  const names = columns.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) < index);
  if (twice !== undefined) throw new Damaged(`it has the column ${twice} twice`, "Rename one of them.");
  if (columns.length === 0) throw new Damaged("it has no columns");
  return columns;
}

/** How deep values of a column are repeated and defined (Dremel): by each repeated element, and by each that may be missing. */
export function levelsOf({ elements }: Column): Levels {
  const repetition = elements.filter(({ repetition_type: type }) => type === "REPEATED").length;
  const definition = elements.filter(({ repetition_type: type }) => type !== "REQUIRED").length;
  return { repetition, definition, isFlat: repetition === 0 && elements.length === 1 };
}

/** What a file would say that had one column and one row group. */
export function alone(footer: FileMetaData, { elements }: Column, group: RowGroup, chunk: number): FileMetaData {
  const root = { ...footer.schema[0]!, num_children: 1 };
  const columns = [group.columns[chunk]!];
  return { ...footer, schema: [root, ...elements], num_rows: group.num_rows, row_groups: [{ ...group, columns }] };
}
