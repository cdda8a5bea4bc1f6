import type { Image } from "./image.ts";
import type { Model } from "./model.ts";

/** A model in an image. Made once by `package`, never changed; read back from the image itself. */
export interface Release {
  model: Model;
  image: Image;
  /** The protocol the image's runtime speaks, a name of the protocol registry, e.g. `v2`. */
  protocol: string;
  /** Port the runtime listens on inside the container. */
  port: number;
  /** Folder in the image where the model's files are, when it is not `models/<name>`. */
  modelFolder?: string;
  /** Path at which the server says that it is ready, when it is not the one of its protocol. */
  readyPath?: string;
}

/** Folder in the image where the model's files are, without a leading slash. */
export const modelFolderOf = ({ model, modelFolder }: { model: { name: string }; modelFolder?: string }): string =>
  modelFolder ?? `models/${model.name}`;

/** Who made something and from what: known to the host, kept in evidence, never in the image (same input, same digest). */
export interface Source {
  /** Commit sha, or null outside a repository. */
  commit: string | null;
  /** URL of the workflow run, or null on a terminal. */
  run: string | null;
  /** The account or user that asked. */
  actor: string;
}

/** A source, with what else the host knows of it. */
export interface Origin extends Source {
  /** Address of the repository, `https://github.com/acme/digits`, or null outside one. */
  repository: string | null;
  /** The branch or tag, `refs/heads/main`, or null. */
  ref: string | null;
  /** Address of the workflow file at its ref, `https://github.com/acme/digits/.github/workflows/release.yml@refs/heads/main`, or null. */
  workflow: string | null;
}

/** Where a served model answers. */
export interface Endpoint {
  url: string;
  protocol: string;
}

/** What a platform says is running: asked from it, never assumed. */
export interface Running {
  image: Image;
  /** Digest over the model files as they are on the platform now. */
  modelDigest: Image["digest"];
  endpoint: Endpoint;
}
