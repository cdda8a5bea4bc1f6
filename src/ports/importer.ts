import type { JsonValue } from "../domain/json.ts";
import type { ImportedValue } from "../domain/outside/imported.ts";

/** What the results of another tool say. */
export interface ImportedResults {
  /** The image they measured, as somebody wrote it down: `repository@sha256:…` or `sha256:…`; null: nobody did. */
  image: string | null;
  /** Every number, by the name that `of` gives it. */
  values: ReadonlyMap<string, ImportedValue>;
}

/** Reads the results file of a tool. */
export interface Importer {
  /** How a user makes the tool write down the image, for messages. */
  readonly imageBy: string;
  /** @throws RangeError when these are no results of the tool, or of more than one model. */
  read(body: JsonValue): ImportedResults;
}
