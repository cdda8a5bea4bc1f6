import type { Digest } from "../domain/digest.ts";
import type { TensorSpec } from "../domain/model.ts";
import type { Label } from "../domain/reading.ts";
import type { Tensors } from "../domain/tensor.ts";

/** What is taken from each row. */
export interface RowPlan {
  /**
   * Model input name → columns with commas between them: names, globs (`pixel_*`, in column order), ranges (`pixel_0..pixel_63`, by number);
   * or `file:` or `base64:` and a column whose cells name files, which are then sent.
   */
  inputs: Readonly<Record<string, string>>;
  /** The model's inputs, for dtype and shape; a leading -1 is the batch. */
  specs: readonly TensorSpec[];
  label: string;
  /** What the label column holds: one value, texts (several classes, several right answers) or numbers (a vector). */
  labelKind: "text" | "texts" | "numbers";
  /** Between the texts of a label in a format without lists; null: such a label is one text. */
  labelSeparator: string | null;
  /** Column that names the row; null: the row number does. */
  id: string | null;
  /** Column of the query of a ranking, or of what else makes rows belong together; null: nothing does. */
  group: string | null;
  /** The inputs of the other text of a pair, as `inputs`; null: rows are no pairs. */
  partners: Readonly<Record<string, string>> | null;
  slices: readonly string[];
  /** The split of a folder of data that is meant, such as `test`; null: all its files, which must be of one split. */
  split: string | null;
}

export interface Row {
  id: string;
  /** Line in the file, from 1, for messages. */
  line: number;
  /** The file that has the row, where the data are a folder. */
  file?: string;
  /** Batch of one. */
  inputs: Tensors;
  label: Label;
  /** Null without a column for it. */
  group: string | null;
  /** Batch of one, for the other text of a pair; null when rows are no pairs. */
  partner: Tensors | null;
  slices: Readonly<Record<string, string>>;
}

/** What is sent of a row. */
export type Sent = Pick<Row, "inputs" | "partner">;
/** What else is known of a row. */
export type RowFacts = Omit<Row, keyof Sent>;

/** The rows of a data set that was read: what is sent of a row is fetched when it is asked, and not held. */
export interface Rows {
  readonly length: number;
  /**
   * The indices of the rows in the order of their hashes. Evidence has them in it, and draws are made over it: rows that are put
   * into another order are the same data, and must come to the same verdict.
   */
  readonly order: Uint32Array;
  facts(index: number): RowFacts;
  sent(index: number): Sent;
}

/** A labelled data set. Labels and slices are never sent to an endpoint. */
export interface Dataset {
  readonly kind: string;
  /** Whether a file or folder is of this kind, by its name. */
  recognises(path: string): boolean;
  /** Reads rows in file order; where a format has no lines, a row's number is its line. @throws UserError `data.*` naming file, line and column. */
  rows(path: string, plan: RowPlan, signal: AbortSignal): AsyncIterable<Row>;
}

/** The identity of a data set: sha256 over the sorted sha256 of the canonical JSON of each row, and how many there are. */
export interface DatasetIdentity {
  digest: Digest;
  rows: number;
}
