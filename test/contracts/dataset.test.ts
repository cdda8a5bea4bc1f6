import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { datasets } from "../../src/adapters/datasets/index.ts";
import { fakeDataset } from "../fakes/dataset.ts";
import { datasetContract } from "./dataset.ts";

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
const written: Record<keyof typeof datasets, { firstLine: number; text: (...table: Table) => string }> = {
  csv: { firstLine: 2, text: (columns, rows) => [columns, ...rows].map((row) => row.map(cell).join(",")).join("\r\n") },
  jsonl: {
    firstLine: 1,
    text: (...table) =>
      objects(...table)
        .map((row) => JSON.stringify(row))
        .join("\n"),
  },
};

for (const [kind, { firstLine, text }] of Object.entries(written))
  datasetContract(kind, async () => {
    const folder = mkdtempSync(join(tmpdir(), "modelgate-data-"));
    let files = 0;
    return {
      dataset: datasets[kind as keyof typeof datasets],
      async write(...table: Table) {
        const path = join(folder, `${files++}.${kind}`);
        writeFileSync(path, text(...table));
        return path;
      },
      firstLine,
      dispose: async () => rmSync(folder, { recursive: true }),
    };
  });
