import type { TensorSpec } from "../domain/model.ts";
import type { ModelBytes, ModelFolder } from "./model-source.ts";

/** What a format found by reading structure, never by loading the model. */
export interface Inspection {
  /** The files that make up the model: the main one and what it refers to. */
  files: readonly ModelBytes[];
  /** Null: the format does not say; the contract must. */
  inputs: readonly TensorSpec[] | null;
  outputs: readonly TensorSpec[] | null;
  facts: Readonly<Record<string, string | number>>;
}

/** A model file format. Recognised by content, never by extension. */
export interface ModelFormat {
  readonly kind: string;
  /** Whether several files of this format in one folder are one model. */
  readonly isSharded?: boolean;
  /** Whether the first bytes (up to 4096) are of this format. */
  recognises(head: Uint8Array): boolean;
  /** Parses the structure. @throws UserError with a `model.*` problem that names the byte offset. */
  inspect(folder: ModelFolder, main: ModelBytes, signal: AbortSignal): Promise<Inspection>;
}
