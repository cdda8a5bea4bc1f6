import { isObject, type JsonValue, readJson } from "../../domain/json.ts";
import type { Dataset } from "../../ports/dataset.ts";
import { openData } from "./rows/open.ts";
import { type DataRecord, RowMaker } from "./rows/plan.ts";

const hint = "Each line must be one JSON object.";
const longestLine = 64 * 2 ** 20;

/** Whether a line holds an integer that JSON.parse would round. */
const needsExact = /(?<![\d.])\d{16,}(?![\d.eE])/;

/**
 * Lines end at line feeds only: JSON texts may hold any other separator. A line that is too long is cut there, and is no JSON.
 */
async function* lines(path: string, signal: AbortSignal): AsyncIterable<string> {
  const source = await openData(path, signal);
  source.setEncoding("utf8");
  try {
    let rest = "";
    for await (const chunk of source as AsyncIterable<string>) {
      const parts = (rest + chunk).split("\n");
      rest = parts.pop()!;
      yield* parts;
      if (rest.length > longestLine) break;
    }
    if (rest !== "") yield rest;
  } finally {
    source.destroy();
  }
}

function recordOf(text: string, line: number): DataRecord {
  try {
    const value = needsExact.test(text) ? readJson(text) : (JSON.parse(text) as JsonValue);
    return isObject(value) ? { line, cells: value } : { line, wrong: "this line is not an object", hint };
  } catch (error) {
    return { line, wrong: `this line is not JSON (${(error as Error).message})`, hint };
  }
}

/** Records of a JSON Lines file. */
export async function* jsonlRecords(path: string, signal: AbortSignal): AsyncIterable<DataRecord> {
  let line = 0;
  for await (const text of lines(path, signal)) {
    line++;
    const trimmed = (line === 1 ? text.replace(/^\uFEFF/, "") : text).trim();
    if (trimmed !== "") yield recordOf(trimmed, line);
  }
}

/** JSON Lines: one object per line, columns by key; a list fills a tensor by itself. */
export const jsonl: Dataset = {
  kind: "jsonl",
  recognises: (path) => /\.(jsonl|ndjson)$/i.test(path),
  rows: (path, plan, signal) => new RowMaker(path, plan).rows(jsonlRecords(path, signal)),
};
