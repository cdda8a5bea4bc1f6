import { basename, join } from "node:path";
import { UserError } from "../../domain/problem.ts";
import type { Dataset, RowPlan } from "../../ports/dataset.ts";
import { csv, csvRecords } from "./csv.ts";
import { filesOfClass, partsOf } from "./folder/parts.ts";
import { jsonl, jsonlRecords } from "./jsonl.ts";
import { parquet, parquetRecords } from "./parquet.ts";
import { findColumns } from "./rows/columns.ts";
import { type DataRecord, RowMaker } from "./rows/plan.ts";

type Records = (path: string, plan: RowPlan, signal: AbortSignal) => AsyncIterable<DataRecord>;

const kinds: readonly (readonly [Dataset, Records])[] = [
  [csv, (path, _plan, signal) => csvRecords(path, signal)],
  [jsonl, (path, _plan, signal) => jsonlRecords(path, signal)],
  [parquet, parquetRecords],
];

const recordsOf = (path: string): Records | undefined => kinds.find(([kind]) => kind.recognises(path))?.[1];

/** A row for each file of a class: its path and the name of its folder, under the columns that Hugging Face gives them. */
async function* classRecords(root: string, classes: readonly string[]): AsyncIterable<DataRecord> {
  let line = 0;
  for (const name of classes)
    for (const file of await filesOfClass(root, name))
      yield {
        line: ++line,
        file: join(root, name, file),
        folder: root,
        cells: { file_name: `${name}/${file}`, label: name },
      };
}

/** Where folders are classes a path tells the class: it may be opened, and not be sent. @throws UserError `data.column` */
function checkPaths(path: string, plan: RowPlan): void {
  const { inputs, partners } = findColumns(path, ["file_name", "label"], plan);
  const sent = [...inputs, ...(partners ?? [])].filter(
    ({ takes, columns }) => takes === "cells" && columns.includes("file_name"),
  );
  if (sent.length === 0) return;
  throw new UserError(
    sent.map(({ spec }) => ({
      code: "data.column",
      message: `the input ${spec.name} takes file_name, which tells the class, and the label is never sent`,
      hint: "Write file:file_name or base64:file_name, which send what is in the file.",
      at: { file: path, key: `evaluate.inputs.${spec.name}` },
    })),
  );
}

async function* records(path: string, plan: RowPlan, signal: AbortSignal): AsyncIterable<DataRecord> {
  signal.throwIfAborted();
  const parts = await partsOf(path, plan.split, (name) => recordsOf(name) !== undefined);
  if ("classes" in parts) {
    checkPaths(path, plan);
    return yield* classRecords(parts.root, parts.classes);
  }
  for (const file of parts.files)
    for await (const record of recordsOf(file)!(file, plan, signal)) yield { ...record, file };
}

/**
 * A folder of data files, as Hugging Face lays data sets out: `train-00000-of-00002.parquet` and its like, read in the order of names as one data
 * set; or an image folder, with a metadata file or a folder for each class.
 */
export const folder: Dataset = {
  kind: "folder",
  recognises: (path) => /[\\/]$/.test(path) || !basename(path).includes("."),
  rows: (path, plan, signal) => new RowMaker(path, plan).rows(records(path, plan, signal)),
};
