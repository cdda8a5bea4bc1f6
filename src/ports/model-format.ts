import type { TensorSpec } from "../domain/model.ts";
import type { ModelBytes, ModelFolder } from "./model-source.ts";

/** What a format found by reading structure, never by loading the model. */
export interface Inspection {
  /** The files that make up the model: the main one and what it refers to. */
  files: readonly ModelBytes[];
  inputs: readonly TensorSpec[];
  outputs: readonly TensorSpec[];
  facts: Readonly<Record<string, string | number>>;
}

/** A model file format. Recognised by content, never by extension. */
export interface ModelFormat {
  readonly kind: string;
  /** Whether the first bytes (up to 4096) are of this format. */
  recognises(head: Uint8Array): boolean;
  /** Parses the structure. @throws UserError with a `model.*` problem that names the byte offset. */
  inspect(folder: ModelFolder, main: ModelBytes, signal: AbortSignal): Promise<Inspection>;
}
