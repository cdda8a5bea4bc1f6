/** One file of a model as the source holds it. */
export interface ModelBytes {
  /** Path inside the model folder, `/` separated. */
  readonly path: string;
  readonly bytes: number;
  /** Reads up to `length` bytes at `offset`; fewer only at the end of the file. */
  read(offset: number, length: number): Promise<Uint8Array>;
  /**
   * The whole content, in order, in chunks the consumer must use before it asks for the next.
   * @throws UserError `model.changed` when the file is not what it was when the source was opened.
   */
  stream(signal: AbortSignal): AsyncIterable<Uint8Array>;
}

/** A model opened for reading. */
export interface ModelFolder {
  /** What the user named, for messages. */
  readonly origin: string;
  /** The file the user named, or null when a folder was named. */
  readonly main: ModelBytes | null;
  /** All regular files of a named folder, sorted by path; of a named file, that file alone. */
  readonly files: readonly ModelBytes[];
  /**
   * A file beside the main one, by a path a model file states. Never leaves the folder and never follows a link.
   * @returns null when there is no such regular file.
   * @throws UserError `model.external-data` for absolute paths, `..`, links and other ways out.
   */
  find(path: string): Promise<ModelBytes | null>;
}

/** Where models come from. */
export interface ModelSource {
  readonly kind: string;
  /** Opens what a model path names. @throws UserError `model.not-found`. */
  open(path: string): Promise<ModelFolder>;
}
