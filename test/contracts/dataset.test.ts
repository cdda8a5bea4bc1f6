import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parquetWriteBuffer } from "hyparquet-writer";
import { datasets } from "../../src/adapters/datasets/index.ts";
import { fakeDataset } from "../fakes/dataset.ts";
import { type DatasetUnderTest, datasetContract } from "./dataset.ts";

type Table = [columns: readonly string[], rows: readonly (readonly string[])[]];
const objects = (...[columns, rows]: Table) =>
  rows.map((row) => Object.fromEntries(columns.map((column, index) => [column, row[index]!])));

datasetContract("fake", async () => {
  const dataset = fakeDataset();
  return {
    dataset,
    async write(...table: Table) {
      const path = `${dataset.tables.size}.fake`;
      dataset.tables.set(path, objects(...table));
      return path;
    },
    firstLine: 1,
    dispose: async () => undefined,
  };
});

const cell = (text: string): string => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
const asCsv = (...[columns, rows]: Table): string =>
  [columns, ...rows].map((row) => row.map(cell).join(",")).join("\r\n");
const asJsonl = (...table: Table): string =>
  objects(...table)
    .map((row) => JSON.stringify(row))
    .join("\n");
const asParquet = (...[columns, rows]: Table): Uint8Array =>
  new Uint8Array(
    parquetWriteBuffer({
      columnData: columns.map((name, at) => ({ name, data: rows.map((row) => row[at]!), type: "STRING" })),
      rowGroupSize: 1,
    }),
  );

type Kind = Pick<DatasetUnderTest, "firstLine" | "fileOf"> & { write(path: string, ...table: Table): string };
const writer =
  (ending: string, made: (...table: Table) => string | Uint8Array): Kind["write"] =>
  (path, ...table) => {
    writeFileSync(`${path}.${ending}`, made(...table));
    return `${path}.${ending}`;
  };
const inFolder = (path: string): string => join(path, "test-00000-of-00001.parquet");

const kinds: Record<keyof typeof datasets, Kind> = {
  csv: { firstLine: 2, write: writer("csv", asCsv) },
  jsonl: { firstLine: 1, write: writer("jsonl", asJsonl) },
  parquet: { firstLine: 1, write: writer("parquet", asParquet) },
  folder: {
    firstLine: 1,
    fileOf: inFolder,
    write(path, ...table) {
      mkdirSync(path);
      writeFileSync(inFolder(path), asParquet(...table));
      return path;
    },
  },
};

for (const [kind, { write, ...rest }] of Object.entries(kinds))
  datasetContract(kind, async () => {
    const folder = mkdtempSync(join(tmpdir(), "modelgate-data-"));
    let files = 0;
    return {
      dataset: datasets[kind as keyof typeof datasets],
      write: async (...table: Table) => write(join(folder, `d${files++}`), ...table),
      ...rest,
      dispose: async () => rmSync(folder, { recursive: true }),
    };
  });
