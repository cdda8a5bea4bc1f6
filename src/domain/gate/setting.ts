import type { Metric, Unit } from "../metrics/metric.ts";
import type { Task } from "../observations/observations.ts";
import type { DeclaredMetrics } from "../outside/declared.ts";
import type { ParsedCheck } from "./parse.ts";

/** What is known of a load test before it is run. */
export interface LoadSetting {
  /** Whether a request waits for the answer before it, and nobody allowed gates to take its latency all the same. */
  closed: boolean;
  /** Whether its load can be put on two models in turn: at least not a recording, or all at once. */
  takesTurns: boolean;
  /** Whether it says what makes an answer good. */
  goodput: boolean;
  /** Whether the greatest rate is looked for. */
  search: boolean;
  /** Requests of the run, when known. */
  requests?: number;
}

/** What is known before anything is built. */
export interface Setting {
  task: Task;
  classes: readonly string[];
  sliceColumns: readonly string[];
  /** The load test; null: there is none. */
  load: LoadSetting | null;
  /** Whether answers of a baseline are at hand. */
  hasBaseline?: boolean;
  /** Metrics that something else measures; absent: none. */
  outside?: DeclaredMetrics;
  /** Rows of the data set, when known. */
  rows?: number;
}

/** What is wrong with a check; `column` counts from 1 in its text. */
export interface CheckProblem {
  message: string;
  hint: string;
  column: number;
}

/** A metric that something else measures: whether it comes with a score for each row is seen when it is measured. */
interface OutsideKind {
  kind: "outside";
  unit: Unit;
  direction: "higher" | "lower";
  range: readonly [number, number];
  /** none: it is measured once. */
  bound: { kind: "outside" | "none" };
  /** Whether only the candidate is measured. */
  alone: boolean;
}

export type Known = Metric | OutsideKind;

/** Finds problems of one kind. */
export type Finder = (check: ParsedCheck, metric: Known, setting: Setting) => CheckProblem[];
