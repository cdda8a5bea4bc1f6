import type { Problem } from "../domain/problem.ts";
import { keyOf } from "./allowed.ts";
import type { Positions } from "./positions.ts";

type Path = readonly PropertyKey[];

/** What is wrong between keys: each alone may stand as it is. */
export interface Report {
  problems: Problem[];
  /** A value contradicts another. */
  value(path: Path, message: string, hint: string): void;
  /** Something is missing because of another key; placed at what it belongs in. */
  missing(path: Path, message: string, hint: string): void;
  /** A gate; `column` counts from 1 in its text. */
  gate(path: Path, message: string, hint: string, column: number): void;
}

/** Collects problems at their places. */
export function reporter(file: string, positions: Positions): Report {
  const problems: Problem[] = [];
  const add = (
    code: Problem["code"],
    path: Path,
    words: { message: string; hint: string },
    at: { line: number; column: number },
  ) => void problems.push({ code, ...words, at: { file, ...at, key: keyOf(path) } });
  return {
    problems,
    value: (path, message, hint) => add("config.value", path, { message, hint }, positions.value(path)),
    missing: (path, message, hint) => add("config.missing", path, { message, hint }, positions.key(path)),
    gate: (path, message, hint, column) => add("config.gate", path, { message, hint }, positions.inText(path, column)),
  };
}
