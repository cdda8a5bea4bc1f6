import type { FileHandle } from "node:fs/promises";
import { type ColumnMetaData, type FileMetaData, parquetScan, type RowGroup } from "hyparquet";
import type { JsonValue } from "../../domain/json.ts";
import { UserError } from "../../domain/problem.ts";
import type { Dataset, RowPlan } from "../../ports/dataset.ts";
import { checkCodec } from "./parquet/codecs.ts";
import { alone, type Column, columnsOf, levelsOf } from "./parquet/columns.ts";
import { Damaged } from "./parquet/damaged.ts";
import { bytesOf } from "./parquet/file.ts";
import { footerOf } from "./parquet/footer.ts";
import { checkGroup, pagesOf } from "./parquet/pages.ts";
import { legacyInstant } from "./parquet/values.ts";
import { columnsTaken } from "./rows/columns.ts";
import { openDataFile } from "./rows/open.ts";
import { type DataRecord, RowMaker } from "./rows/plan.ts";

interface Source {
  handle: FileHandle;
  size: number;
  footer: FileMetaData;
}

/** The value of a column in a row of a row group. */
type ValueAt = (row: number) => unknown;

/** Numbers and nulls in arrays of their own; null when there is anything else among the values. */
function numbersOf(values: ArrayLike<unknown>): ValueAt | null {
  const numbers = new Float64Array(values.length);
  const missing = new Uint8Array(values.length);
  for (let row = 0; row < values.length; row++) {
    const value = values[row];
    if (typeof value === "number") numbers[row] = value;
    else if (value === null || value === undefined) missing[row] = 1;
    else return null;
  }
  return (row) => (missing[row] ? null : numbers[row]);
}

/** Numbers take a third of the memory that they have as what the reader gives, which is not held on to. */
const packed = (values: ArrayLike<unknown>): ValueAt => numbersOf(values) ?? ((row) => values[row]);

/** Where a column stands in a row group. @throws Damaged */
function chunkOf(group: RowGroup, column: Column): { index: number; meta: ColumnMetaData } {
  const index = group.columns.findIndex(({ meta_data: meta }) => meta?.path_in_schema[0] === column.name);
  const { meta_data: meta, file_path: elsewhere } = group.columns[index] ?? {};
  if (elsewhere)
    throw new Damaged(`the column ${column.name} stands in another file`, "Write it as a file of its own.");
  if (!meta) throw new Damaged(`a row group has no column ${column.name}, or it is encrypted`);
  checkCodec(column.name, meta.codec);
  return { index, meta };
}

async function valuesOf({ handle, size, footer }: Source, column: Column, group: RowGroup): Promise<ValueAt> {
  const { index, meta } = chunkOf(group, column);
  const from = Number(meta.dictionary_page_offset || meta.data_page_offset);
  const chunk = await bytesOf(handle, { from, to: from + Number(meta.total_compressed_size), size });
  const rows = Number(group.num_rows);
  const levels = levelsOf(column);
  if (levels.isFlat && meta.num_values !== group.num_rows)
    throw new Damaged(`the column ${column.name} has ${meta.num_values} values in a row group of ${rows} rows`);
  const pages = pagesOf(chunk, meta, levels);
  const scan = await parquetScan({
    file: { byteLength: size, slice: (start, end = size) => chunk.slice(start - from, end - from) },
    metadata: alone(footer, column, group, index),
    // The pages are unpacked already, and asked for in their order.
    compressors: { [meta.codec]: () => pages.shift()! },
    parsers: { timestampFromNanoseconds: legacyInstant },
    utf8: false,
    geoparquet: false,
    useOffsetIndex: false,
  });
  const values = await scan.readColumn({ column: column.name, rowStart: 0, rowEnd: rows });
  if (values.length !== rows)
    throw new Damaged(`the column ${column.name} has ${values.length} values in a row group of ${rows} rows`);
  return packed(values);
}

/** One row from the values of its columns, or the cell that is wrong. */
function recordAt(columns: readonly Column[], values: readonly ValueAt[], row: number, line: number): DataRecord {
  const cells: Record<string, JsonValue> = {};
  for (const [at, { name, cellOf }] of columns.entries())
    try {
      cells[name] = cellOf!(values[at]!(row));
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      return { line, key: name, wrong: `${name}: ${error.message}`, hint: "Correct the cell or leave the row out." };
    }
  return { line, cells };
}

/** The columns that a plan takes, in the order of the file. @throws UserError `data.column` */
function taken(path: string, footer: FileMetaData, plan: RowPlan): Column[] {
  const columns = columnsOf(footer);
  const names = columnsTaken(
    path,
    columns.map(({ name }) => name),
    plan,
  );
  const found = columns.filter(({ name }) => names.has(name));
  const problems = found
    .filter(({ cellOf }) => cellOf === null)
    .map(({ name }) => ({
      code: "data.column" as const,
      message: `the column ${name} is a struct or a map`,
      hint: "Write its parts as columns of their own: a column holds values, or lists of values.",
      at: { file: path, line: 1, key: name },
    }));
  if (problems.length > 0) throw new UserError(problems);
  return found;
}

/** Rows of one row group after the other: of all others nothing is held. */
async function* rowsOf(source: Source, columns: readonly Column[], signal: AbortSignal): AsyncIterable<DataRecord> {
  let line = 0;
  for (const [number, group] of source.footer.row_groups.entries()) {
    const rows = Number(group.num_rows);
    if (rows === 0) continue;
    checkGroup(
      number + 1,
      columns.map((column) => chunkOf(group, column).meta),
    );
    const values: ValueAt[] = [];
    for (const column of columns) {
      signal.throwIfAborted();
      values.push(await valuesOf(source, column, group));
    }
    for (let row = 0; row < rows; row++) yield recordAt(columns, values, row, ++line);
  }
}

/** What is wrong with a file, by what its reader says: an error of the language says nothing about the file. */
function wrongWith(path: string, error: unknown): UserError {
  const own = error instanceof Damaged;
  const said = error instanceof Error && error.constructor === Error ? error.message.replace(/^parquet /, "") : null;
  return new UserError([
    {
      code: "data.syntax",
      message: `${path} cannot be read as Parquet: ${own ? error.message : (said ?? "its parts contradict each other")}`,
      hint: own ? error.hint : new Damaged("").hint,
      at: { file: path },
    },
  ]);
}

/** Records of a Parquet file, of the columns that a plan takes. @throws UserError `data.syntax`, `data.column`. */
export async function* parquetRecords(path: string, plan: RowPlan, signal: AbortSignal): AsyncIterable<DataRecord> {
  signal.throwIfAborted();
  const handle = await openDataFile(path);
  try {
    const { size } = await handle.stat();
    const footer = await footerOf(handle, size);
    yield* rowsOf({ handle, size, footer }, taken(path, footer, plan), signal);
  } catch (error) {
    const theirs =
      error instanceof UserError || signal.aborted || (error as NodeJS.ErrnoException).syscall !== undefined;
    throw theirs ? error : wrongWith(path, error);
  } finally {
    await handle.close();
  }
}

/**
 * Apache Parquet, one row group at a time. The library is hyparquet: without dependencies, and pure JavaScript. Integers and decimals are exact,
 * times are texts (RFC 3339), a list fills a tensor by itself, and what is null is missing.
 */
export const parquet: Dataset = {
  kind: "parquet",
  recognises: (path) => /\.(parquet|pq)$/i.test(path),
  rows: (path, plan, signal) => new RowMaker(path, plan).rows(parquetRecords(path, plan, signal)),
};
