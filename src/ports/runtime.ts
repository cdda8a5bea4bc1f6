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
  /** Generated files, such as a server's configuration: path in the image, without a leading slash → text. */
  files?: Readonly<Record<string, string>>;
  /** Folder in the image where the model's files go, without a leading slash: `models/<name>` or one inside it, and nothing else in it. */
  modelFolder: string;
  /** Relative to the image root, which is the working directory: the same command runs in a container and unpacked. */
  entrypoint: readonly string[];
  env: Readonly<Record<string, string>>;
  port: number;
  protocol: string;
  /** Path at which the server says with 200 that it is ready, when it is not the one of its protocol. */
  readyPath?: string;
}

/** A serving runtime. */
export interface Runtime {
  readonly kind: string;
  /** Formats it serves; null: whatever the server in its base image takes. */
  readonly formats: readonly string[] | null;
  /** Base image used when the config names none and the image goes to a registry; null: the config must name one. */
  readonly defaultBase: string | null;
  /**
   * Says what goes into the image, and brings the runtime's own files to this machine (cached, checked by hash). The model is
   * never loaded. @throws WorldError `runtime.pack`; UserError `config.value` for a format it does not serve.
   */
  plan(model: Model, signal: AbortSignal): Promise<RuntimePlan>;
}
