/** What a model is evaluated as. */
export const tasks = ["binary", "multiclass", "regression"] as const;
export type Task = (typeof tasks)[number];

/** What one model answered on the rows of a data set, columnar: index = row. */
export type Answers =
  /** `labels`: 1 where the positive class was predicted; `scores`: of the positive class, in [0,1], null when not served. */
  | { task: "binary"; labels: Uint8Array; scores: Float64Array | null }
  /** `labels`: index into `classes`; `probabilities`: a row per data row, a column per class, null when not served. */
  | { task: "multiclass"; labels: Int32Array; probabilities: readonly Float64Array[] | null }
  | { task: "regression"; values: Float64Array };

/** One request of a load run. Milliseconds from the start of the run. */
export interface LoadEvent {
  intended: number;
  sent: number;
  done: number;
  ok: boolean;
}

/** A load run. `inconclusive` is set when the generator itself could not keep its schedule. */
export interface LoadRun {
  profile: string;
  ratePerSecond: number;
  events: readonly LoadEvent[];
  /** Why the numbers say nothing about the model, or null. */
  inconclusive: string | null;
}

/** All that the gate may look at. */
export interface Observations {
  task: Task;
  /** Declared classes in the order of the probabilities; binary: [negative, positive]; regression: empty. */
  classes: readonly string[];
  /** Ground truth: 0 or 1, class index, or target value. */
  truth: Float64Array;
  candidate: Answers;
  champion: Answers | null;
  /** `none`: the registry and the platform say there is no production release. `unavailable`: there is one and it could not be asked. */
  championState: "present" | "none" | "unavailable";
  /** Slice column → value per row. */
  slices: Readonly<Record<string, readonly string[]>>;
  /** Rows that got no usable answer; counted, never silently left out. */
  failedRows: number;
  load: LoadRun | null;
}
