import { csv } from "./csv.ts";
import { jsonl } from "./jsonl.ts";

/** Kinds of data files: kind → reader. */
export const datasets = { csv, jsonl };
