import { CsvError, parse } from "csv-parse";
import { UserError } from "../../domain/problem.ts";
import type { Dataset } from "../../ports/dataset.ts";
import { openData } from "./rows/open.ts";
import { type DataRecord, RowMaker } from "./rows/plan.ts";

const hint = "Every line needs as many cells as the first, and quotes must be closed.";

const linesWithin = (record: readonly string[]): number =>
  record.reduce((sum, cell) => sum + (cell.match(/\r\n|\r|\n/g)?.length ?? 0), 0);

/** Cells line by line; a quote that is never closed ends the file with what is wrong. */
async function* lines(path: string, signal: AbortSignal): AsyncIterable<DataRecord | { line: number; row: string[] }> {
  const source = await openData(path, signal);
  const options = { bom: true, info: true, relax_column_count: true, skip_empty_lines: true };
  const parser = parse({ ...options, max_record_size: 64 * 2 ** 20 });
  source.on("error", (error) => parser.destroy(error));
  source.pipe(parser);
  try {
    let before = 0;
    for await (const { record, info } of parser as AsyncIterable<{ record: string[]; info: { lines: number } }>) {
      // The parser says where a record ends; a quoted cell may hold lines of its own.
      const within = info.lines - before > 1 ? linesWithin(record) : 0;
      before = info.lines;
      yield { line: info.lines - within, row: record };
    }
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    const { lines: line = 1 } = error as CsvError & { lines?: number };
    yield { line, wrong: `this is not sound CSV: ${error.message}`, hint };
  } finally {
    source.destroy();
  }
}

function checkHeader(path: string, header: readonly string[]): void {
  const twice = [...new Set(header.filter((name, index) => name !== "" && header.indexOf(name) !== index))];
  if (twice.length === 0) return;
  throw new UserError(
    twice.map((name) => ({
      code: "data.column",
      message: `${path} has the column "${name}" more than once`,
      hint: "Rename one of them: a name must say which column is meant.",
      at: { file: path, line: 1, key: name },
    })),
  );
}

/** Records of a CSV file, by the columns of its first line. @throws UserError `data.column`. */
export async function* csvRecords(path: string, signal: AbortSignal): AsyncIterable<DataRecord> {
  let header: string[] | null = null;
  for await (const found of lines(path, signal)) {
    if (!("row" in found)) yield found;
    else if (!header) {
      header = found.row;
      checkHeader(path, header);
    } else if (found.row.length !== header.length)
      yield {
        line: found.line,
        wrong: `this line has ${found.row.length} cells, and the first has ${header.length}`,
        hint,
      };
    else yield { line: found.line, cells: Object.fromEntries(header.map((name, index) => [name, found.row[index]!])) };
  }
}

/** Comma-separated values with a header line (RFC 4180). The library is csv-parse: streaming, with line numbers. */
export const csv: Dataset = {
  kind: "csv",
  recognises: (path) => /\.csv$/i.test(path),
  rows: (path, plan, signal) => new RowMaker(path, plan).rows(csvRecords(path, signal)),
};
