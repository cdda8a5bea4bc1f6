import { type Digest, isDigest } from "../../../domain/digest.ts";
import { type Image, isRepository } from "../../../domain/image.ts";
import { UserError } from "../../../domain/problem.ts";
import { mediaTypes, readManifest, wholeBlob } from "../../oci/content.ts";
import type { Descriptor, OciStore, OpenStore } from "../../oci/store.ts";

/** The part of an image config that images built on it inherit. */
export interface ImageConfig {
  architecture?: string;
  os?: string;
  config?: { Env?: string[]; User?: string; Labels?: Record<string, string> };
  rootfs?: { type: "layers"; diff_ids: string[] };
  history?: object[];
}

export interface Base {
  image: Image;
  store: OciStore;
  layers: readonly Descriptor[];
  config: ImageConfig;
}

const configLimit = 4 * 2 ** 20;

/** Splits a reference; a repository without a host is Docker Hub's, as Docker reads it. */
function split(reference: string): { repository: string; version: string } {
  const at = reference.indexOf("@");
  const colon = reference.lastIndexOf(":");
  const [name, version] =
    at >= 0
      ? [reference.slice(0, at), reference.slice(at + 1)]
      : colon > reference.lastIndexOf("/")
        ? [reference.slice(0, colon), reference.slice(colon + 1)]
        : [reference, "latest"];
  const [first = ""] = name.split("/");
  const hasHost = name.includes("/") && (first.includes(".") || first.includes(":") || first === "localhost");
  return { repository: hasHost ? name : `docker.io/${name.includes("/") ? name : `library/${name}`}`, version };
}

const problem = (message: string, hint: string): UserError =>
  new UserError([{ code: "config.value", message, hint, at: { file: "modelgate.yml", key: "image.base" } }]);

/**
 * Resolves a base image to the digest of its manifest for linux and the architecture.
 * @throws UserError when there is no such image or it is not for this platform.
 */
export async function resolveBase(
  reference: string,
  architecture: string,
  openStore: OpenStore,
  signal: AbortSignal,
): Promise<Base> {
  const { repository, version } = split(reference);
  if (!isRepository(repository))
    throw problem(`"${reference}" is not an image reference`, "Write host/path:tag or host/path@sha256:…");
  const store = openStore(repository);
  let manifest = await store.manifest(version, signal);
  if (!manifest)
    throw problem(
      `there is no image ${reference}`,
      "Check the name and tag of image.base, and that the registry lets you read it.",
    );
  let body = readManifest(manifest, repository);
  if (body.manifests) {
    const match = body.manifests.find(
      (entry) => entry.platform?.os === "linux" && entry.platform.architecture === architecture,
    );
    if (!match)
      throw problem(`${reference} has no image for linux/${architecture}`, "Choose a base image for this platform.");
    manifest = await store.manifest(match.digest, signal);
    if (!manifest)
      throw problem(
        `${reference} names ${match.digest}, which its registry does not have`,
        "Choose another base image.",
      );
    body = readManifest(manifest, repository);
  }
  if (!body.config || !body.layers)
    throw problem(
      `${reference} is not an image (it has ${body.artifactType ?? body.mediaType ?? "no config"})`,
      "Choose a container image as the base.",
    );
  const bytes = await wholeBlob(store, body.config, configLimit, signal);
  const config = JSON.parse(Buffer.from(bytes).toString("utf8")) as ImageConfig;
  return { image: { repository, digest: manifest.digest }, store, layers: body.layers.map(ociLayer), config };
}

/** Docker's layer media types by their OCI names: the bytes are the same. */
const ociLayer = (layer: Descriptor): Descriptor => ({
  mediaType: layer.mediaType.startsWith("application/vnd.docker.image.rootfs.diff.tar")
    ? layer.mediaType.endsWith("gzip")
      ? `${mediaTypes.layer}+gzip`
      : mediaTypes.layer
    : layer.mediaType,
  digest: layer.digest,
  size: layer.size,
});

/** A digest that a registry's path names, to mount from; null for a repository of another registry. */
export const mountSource = (base: Base, target: string): string | null => {
  const [host, ...path] = base.image.repository.split("/");
  return target.startsWith(`${host}/`) ? path.join("/") : null;
};

/** diff_ids of the base's layers. @throws UserError when the config lists another number than the manifest. */
export function diffIds(base: Base): Digest[] {
  const ids = base.config.rootfs?.diff_ids ?? [];
  if (ids.length !== base.layers.length || !ids.every(isDigest))
    throw problem(
      `${base.image.repository} lists ${base.layers.length} layers and ${ids.length} diff ids`,
      "The base image is damaged; choose another.",
    );
  return ids.filter(isDigest);
}
