import type { Outside } from "../outside/measured.ts";

/** What a model is evaluated as. */
export const tasks = [
  "binary",
  "multiclass",
  "multilabel",
  "regression",
  "ranking",
  "generation",
  "embedding",
] as const;
export type Task = (typeof tasks)[number];

/** What is right for each row; index = row, and what an entry is depends on the task. */
export type Truth =
  /** binary 0/1, multiclass class index, regression target, ranking relevance grade, embedding of pairs: gold similarity. */
  | Float64Array
  /** multilabel: 1 where a class applies. */
  | readonly Uint8Array[]
  /** generation: the texts that are right. */
  | readonly (readonly string[])[]
  /** embedding: the golden vector. */
  | readonly Float64Array[];

/** What one model answered on the rows of a data set, columnar: index = row. */
export type Answers =
  /** `labels`: 1 where the positive class was predicted; `scores`: of the positive class, in [0,1], null when not served. */
  | { task: "binary"; labels: Uint8Array; scores: Float64Array | null }
  /** `labels`: index into `classes`; `probabilities`: a row per data row, a column per class, null when not served. */
  | { task: "multiclass"; labels: Int32Array; probabilities: readonly Float64Array[] | null }
  /** `labels`: 1 where a class was predicted; `scores`: of each class, in [0,1], null when not served. A row per data row. */
  | { task: "multilabel"; labels: readonly Uint8Array[]; scores: readonly Float64Array[] | null }
  | { task: "regression"; values: Float64Array }
  /** A score per row, which is a pair of a query and an item. */
  | { task: "ranking"; values: Float64Array }
  /** `logprobs`: natural log of the probability of each token, null when not served. */
  | { task: "generation"; texts: readonly string[]; logprobs: readonly Float64Array[] | null }
  /** `partners`: of the other text of each pair, null when the rows are no pairs. */
  | { task: "embedding"; vectors: readonly Float64Array[]; partners: readonly Float64Array[] | null };

/** One request of a load run. Milliseconds from the start of the run. */
export interface LoadEvent {
  intended: number;
  sent: number;
  done: number;
  ok: boolean;
  /** Rows in the request; absent: one. */
  items?: number;
  /** Of a streamed answer: when each event with content was read, how many tokens came, and whether the server counted them. */
  stream?: { arrivals: readonly number[]; tokens: number; counted: boolean };
}

/** What an answer must hold to be good, in ms; null: no bound. */
export interface GoodputBounds {
  latency: number | null;
  ttft: number | null;
  tpot: number | null;
}

/** One rate that was tried in a search. Rates per second, times in ms. */
export interface Trial {
  rate: number;
  milliseconds: number;
  /** Whether it was to show with confidence that the best rate holds. */
  confirming: boolean;
  requests: number;
  passed: boolean;
  /** What it failed by, or why it ended early; null when it passed. */
  why: string | null;
  /** What was seen of each objective; `upper`: with the confidence of a confirmation. */
  values: readonly { slo: string; value: number | null; upper: number | null }[];
  /** Whether the generator, not the model, was the limit. */
  generator: boolean;
}

/** A search for the greatest rate at which objectives hold: what was asked, all trials in order, and what it came to. */
export interface LoadSearch {
  slo: readonly string[];
  from: number;
  to: number;
  precision: number;
  trials: readonly Trial[];
  /** The rate as scheduled; 0: not even the first held; null: see the reason. */
  maxRate: number | null;
  reason: string | null;
}

/** What checks said of a load run that was put again because of it. */
export interface LoadAttempt {
  checks: readonly { text: string; status: string; value: number | null }[];
}

/** A load run. `inconclusive` is set when the generator itself could not keep its schedule. */
export interface LoadRun {
  profile: string;
  /** Null where answers, or a recording, set the pace. */
  ratePerSecond: number | null;
  /** Where two models were put under load in turn: the length of a turn; block b of one stood beside block b of the other. */
  blockMilliseconds?: number;
  /** Median round trip in ms of asking whether the endpoint is ready; null: it did not answer; absent: not asked. */
  floor?: number | null;
  /** How many different rows were sent; absent: not counted. */
  payloads?: number;
  /** What makes an answer count for goodput; absent: nothing was said. */
  goodput?: GoodputBounds;
  /** The search for the greatest rate, after the run itself; absent: none was asked for. */
  search?: LoadSearch;
  /** Whether gates may take the latency of a closed loop for what it is; absent: no. */
  allowClosed?: boolean;
  events: readonly LoadEvent[];
  /** The runs before this one, which counts: oldest first; absent: there was none. */
  attempts?: readonly LoadAttempt[];
  /** Why the numbers say nothing about the model, or null. */
  inconclusive: string | null;
}

/** All that the gate may look at. */
export interface Observations {
  task: Task;
  /** Declared classes in the order of the probabilities; binary: [negative, positive]; empty where a task has none. */
  classes: readonly string[];
  truth: Truth;
  /** What a row belongs together with others by: the query of a ranking, a user of any other task; null: nothing. */
  groups: readonly string[] | null;
  candidate: Answers;
  champion: Answers | null;
  /** What the model that the configuration names as the baseline answered on the same rows; absent: it names none. */
  baseline?: Answers | null;
  /** `none`: the registry and the platform say there is no production release. `unavailable`: there is one and it could not be asked. */
  championState: "present" | "none" | "unavailable";
  /** Slice column → value per row. */
  slices: Readonly<Record<string, readonly string[]>>;
  /** Rows that got no usable answer; counted, never silently left out. */
  failedRows: number;
  load: LoadRun | null;
  /** The champion's, in turn with the candidate's; absent or null when no gate asked for it or it could not be had. */
  championLoad?: LoadRun | null;
  /** What something else than modelgate measured, by the name that checks give it; absent: nothing. */
  outside?: Outside;
}
