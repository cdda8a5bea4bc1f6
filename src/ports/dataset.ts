import type { Digest } from "../domain/digest.ts";
import type { TensorSpec } from "../domain/model.ts";
import type { Tensors } from "../domain/tensor.ts";

/** What is taken from each row. */
export interface RowPlan {
  /** Model input name → column name or glob (`pixel_*`, in column order). */
  inputs: Readonly<Record<string, string>>;
  /** The model's inputs, for dtype and shape; a leading -1 is the batch. */
  specs: readonly TensorSpec[];
  label: string;
  /** Column that names the row; null: the row number does. */
  id: string | null;
  slices: readonly string[];
}

export interface Row {
  id: string;
  /** Line in the file, from 1, for messages. */
  line: number;
  /** Batch of one. */
  inputs: Tensors;
  label: string;
  slices: Readonly<Record<string, string>>;
}

/** A labelled data set. Labels and slices are never sent to an endpoint. */
export interface Dataset {
  readonly kind: string;
  /** Whether a file is of this kind, by its name. */
  recognises(path: string): boolean;
  /** Reads rows in file order. @throws UserError `data.*` naming file, line and column. */
  rows(path: string, plan: RowPlan, signal: AbortSignal): AsyncIterable<Row>;
}

/** The identity of a data set: sha256 over its canonical rows sorted by id, and how many there are. */
export interface DatasetIdentity {
  digest: Digest;
  rows: number;
}
