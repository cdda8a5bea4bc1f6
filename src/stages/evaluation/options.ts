import type { Image } from "../../domain/image.ts";
import type { Problem } from "../../domain/problem.ts";
import type { ReadingPlan } from "../../domain/reading.ts";
import type { Running } from "../../domain/release.ts";
import type { Clock } from "../../ports/clock.ts";
import type { DatasetIdentity, Rows } from "../../ports/dataset.ts";
import type { Session } from "../../ports/protocol.ts";
import type { RunFiles } from "../../ports/run-files.ts";

/** The release in production, deployed beside the candidate; null when there is none; or why it cannot be asked. */
export type Champion = { session: Session; image: Image } | { unavailable: string; image: Image } | null;

/** What becomes of rows without a usable answer. `maxShare` null: half a percent may be left out, any number count as wrong. */
export interface FailedRows {
  policy: "error" | "wrong" | "exclude";
  maxShare: number | null;
}

/** What an evaluation is made of beside the answers. */
export interface MergeOptions {
  rows: Rows;
  identity: DatasetIdentity;
  /** Name of the data file, for problems. */
  file: string;
  plan: ReadingPlan;
  failedRows: FailedRows;
  files: RunFiles;
  /** Told what is odd about the answers and does not stop the evaluation. */
  warn: (problem: Problem) => void;
}

export interface EvaluateOptions extends MergeOptions {
  candidate: { session: Session; image: Image };
  champion: Champion;
  concurrency: number;
  /** Asks the platform what runs in staging. */
  running: () => Promise<Running | null>;
  clock: Clock;
  signal: AbortSignal;
  progress: (share: number) => void;
}
