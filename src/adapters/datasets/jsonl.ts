import { createInterface } from "node:readline";
import { UserError } from "../../domain/problem.ts";
import type { Dataset } from "../../ports/dataset.ts";
import { openData } from "./rows/open.ts";
import { type DataRecord, RowMaker } from "./rows/plan.ts";

const wrong = (path: string, line: number, message: string): UserError =>
  new UserError([
    {
      code: "data.syntax",
      message: `${path}: ${message}`,
      hint: "Each line must be one JSON object.",
      at: { file: path, line },
    },
  ]);

async function* records(path: string, signal: AbortSignal): AsyncIterable<DataRecord> {
  const source = await openData(path, signal);
  let line = 0;
  try {
    for await (const text of createInterface({ input: source, crlfDelay: Number.POSITIVE_INFINITY })) {
      line++;
      const trimmed = (line === 1 ? text.replace(/^\uFEFF/, "") : text).trim();
      if (trimmed === "") continue;
      let value: unknown;
      try {
        value = JSON.parse(trimmed);
      } catch (error) {
        throw wrong(path, line, `this line is not JSON (${(error as Error).message})`);
      }
      if (typeof value !== "object" || value === null || Array.isArray(value))
        throw wrong(path, line, "this line is not an object");
      yield { line, cells: value as DataRecord["cells"] };
    }
  } finally {
    source.destroy();
  }
}

/** JSON Lines: one object per line, columns by key; a list fills a tensor by itself. */
export const jsonl: Dataset = {
  kind: "jsonl",
  recognises: (path) => /\.(jsonl|ndjson)$/i.test(path),
  rows: (path, plan, signal) => new RowMaker(path, plan).rows(records(path, signal)),
};
