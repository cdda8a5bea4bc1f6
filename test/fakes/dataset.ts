import { type DataRecord, RowMaker } from "../../src/adapters/datasets/rows/plan.ts";
import { UserError } from "../../src/domain/problem.ts";
import type { Dataset } from "../../src/ports/dataset.ts";

/** Tables in memory, by path; a row's line is its place from 1. */
export interface FakeDataset extends Dataset {
  readonly tables: Map<string, readonly Readonly<Record<string, string>>[]>;
}

export function fakeDataset(): FakeDataset {
  const tables: FakeDataset["tables"] = new Map();
  async function* records(path: string, signal: AbortSignal): AsyncIterable<DataRecord> {
    const table = tables.get(path);
    if (!table)
      throw new UserError([{ code: "data.not-found", message: `there is no ${path}`, hint: "Put it there first." }]);
    for (const [index, cells] of table.entries()) {
      signal.throwIfAborted();
      yield { line: index + 1, cells };
    }
  }
  return {
    kind: "fake",
    tables,
    recognises: (path) => path.endsWith(".fake"),
    rows: (path, plan, signal) => new RowMaker(path, plan).rows(records(path, signal)),
  };
}
