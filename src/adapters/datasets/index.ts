import { csv } from "./csv.ts";
import { folder } from "./folder.ts";
import { jsonl } from "./jsonl.ts";
import { parquet } from "./parquet.ts";

export { takesColumn } from "./rows/patterns.ts";

/** Kinds of data: kind → reader. */
export const datasets = { csv, jsonl, parquet, folder };
