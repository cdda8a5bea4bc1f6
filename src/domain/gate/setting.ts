import type { Metric } from "../metrics/metric.ts";
import type { Task } from "../observations/observations.ts";
import type { ParsedCheck } from "./parse.ts";

/** What is known before anything is built. */
export interface Setting {
  task: Task;
  classes: readonly string[];
  sliceColumns: readonly string[];
  hasLoad: boolean;
  /** Rows of the data set, when known. */
  rows?: number;
  /** Requests of the load run, when known. */
  requests?: number;
}

/** What is wrong with a check; `column` counts from 1 in its text. */
export interface CheckProblem {
  message: string;
  hint: string;
  column: number;
}

/** Finds problems of one kind. */
export type Finder = (check: ParsedCheck, metric: Metric, setting: Setting) => CheckProblem[];
