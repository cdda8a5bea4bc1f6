import { CsvError, parse } from "csv-parse";
import { UserError } from "../../domain/problem.ts";
import type { Dataset } from "../../ports/dataset.ts";
import { openData } from "./rows/open.ts";
import { type DataRecord, RowMaker } from "./rows/plan.ts";

async function* records(path: string, signal: AbortSignal): AsyncIterable<DataRecord> {
  const source = await openData(path, signal);
  const parser = parse({
    bom: true,
    columns: true,
    info: true,
    relax_column_count: false,
    skip_empty_lines: true,
    max_record_size: 64 * 2 ** 20,
  });
  source.on("error", (error) => parser.destroy(error));
  source.pipe(parser);
  try {
    for await (const { record, info } of parser as AsyncIterable<{
      record: Record<string, string>;
      info: { lines: number };
    }>)
      yield { line: info.lines, cells: record };
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    const { lines } = error as CsvError & { lines?: number };
    throw new UserError([
      {
        code: "data.syntax",
        message: `${path} is not sound CSV: ${error.message}`,
        hint: "Every line needs as many cells as the first, and quotes must be closed.",
        at: { file: path, ...(lines !== undefined && { line: lines }) },
      },
    ]);
  } finally {
    source.destroy();
  }
}

/** Comma-separated values with a header line (RFC 4180). The library is csv-parse: streaming, with line numbers. */
export const csv: Dataset = {
  kind: "csv",
  recognises: (path) => /\.csv$/i.test(path),
  rows: (path, plan, signal) => new RowMaker(path, plan).rows(records(path, signal)),
};
