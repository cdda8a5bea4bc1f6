import type { Model } from "../domain/model.ts";

/** A folder on disk that becomes a layer of the image. */
export interface RuntimeFolder {
  /** Absolute path on this machine. */
  from: string;
  /** Path in the image, without a leading slash. */
  to: string;
}

/** What a runtime puts into an image, and how it is started there. */
export interface RuntimePlan {
  folders: readonly RuntimeFolder[];
  /** Folder in the image where the model's files go, without a leading slash. */
  modelFolder: string;
  /** Relative to the image root, which is the working directory: the same command runs in a container and unpacked. */
  entrypoint: readonly string[];
  env: Readonly<Record<string, string>>;
  port: number;
  protocol: string;
}

/** A serving runtime. */
export interface Runtime {
  readonly kind: string;
  /** Formats it serves. */
  readonly formats: readonly string[];
  /** Base image used when the config names none and the image goes to a registry. */
  readonly defaultBase: string;
  /** Brings the runtime's files to this machine (cached, checked by hash). @throws WorldError `runtime.pack`. */
  plan(model: Model, signal: AbortSignal): Promise<RuntimePlan>;
}
