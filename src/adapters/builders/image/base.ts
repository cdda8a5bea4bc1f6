import { type Digest, isDigest } from "../../../domain/digest.ts";
import { type Image, isRepository } from "../../../domain/image.ts";
import { UserError } from "../../../domain/problem.ts";
import { mediaTypes, readManifest, wholeBlob } from "../../oci/content.ts";
import type { Descriptor, OciStore, OpenStore, StoredManifest } from "../../oci/store.ts";

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
  /** The digests of its layers, unpacked. */
  diffIds: readonly Digest[];
  config: ImageConfig;
}

/** An image's config, or null when the bytes are none. */
export function parseConfig(bytes: Uint8Array): ImageConfig | null {
  try {
    const config: unknown = JSON.parse(Buffer.from(bytes).toString("utf8"));
    return typeof config === "object" && config !== null ? config : null;
  } catch {
    return null;
  }
}

/** A config larger than this is not read, as registries do with manifests. */
export const configLimit = 4 * 2 ** 20;

/** Splits a reference; a digest wins over a tag, and a repository without a host is Docker Hub's, as Docker reads it. */
function split(reference: string): { repository: string; version: string } {
  const [tagged = "", digest] = reference.split("@", 2);
  const colon = tagged.lastIndexOf(":");
  const hasTag = colon > tagged.lastIndexOf("/");
  const name = hasTag ? tagged.slice(0, colon) : tagged;
  const version = digest ?? (hasTag ? tagged.slice(colon + 1) : "latest");
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
  const named = await store.manifest(version, signal);
  if (!named)
    throw problem(
      `there is no image ${reference}`,
      "Check the name and tag of image.base, and that the registry lets you read it.",
    );
  const manifest = await forPlatform(named, { store, reference, architecture }, signal);
  const { config: described, layers, artifactType, mediaType } = readManifest(manifest, repository);
  if (!described || !Array.isArray(layers))
    throw problem(
      `${reference} is not an image (it has ${artifactType ?? mediaType ?? "no config"})`,
      "Choose a container image as the base.",
    );
  const config = parseConfig(await wholeBlob(store, described, configLimit, signal));
  if (!config) throw problem(`${reference} has a config that is not JSON`, "Choose another base image.");
  if (config.os !== "linux" || config.architecture !== architecture)
    throw problem(
      `${reference} is for ${config.os}/${config.architecture}, and the image is made for linux/${architecture}`,
      "Choose a base image for this platform.",
    );
  const diffIds = config.rootfs?.diff_ids ?? [];
  if (diffIds.length !== layers.length || !diffIds.every(isDigest))
    throw problem(
      `${reference} lists ${layers.length} layers and ${diffIds.length} diff ids`,
      "The base image is damaged; choose another.",
    );
  const image = { repository, digest: manifest.digest };
  return { image, store, layers: layers.map(ociLayer), diffIds: diffIds.filter(isDigest), config };
}

/** The manifest itself, or what an index names for linux and the architecture. */
async function forPlatform(
  named: StoredManifest,
  { store, reference, architecture }: { store: OciStore; reference: string; architecture: string },
  signal: AbortSignal,
): Promise<StoredManifest> {
  const { manifests } = readManifest(named, store.repository);
  if (!manifests) return named;
  const match = manifests.find(({ platform }) => platform?.os === "linux" && platform.architecture === architecture);
  if (!match)
    throw problem(`${reference} has no image for linux/${architecture}`, "Choose a base image for this platform.");
  const found = await store.manifest(match.digest, signal);
  if (found) return found;
  throw problem(`${reference} names ${match.digest}, which its registry does not have`, "Choose another base image.");
}

const dockerLayer = "application/vnd.docker.image.rootfs.diff.tar";

/** Docker's layer media types by their OCI names: the bytes are the same. */
const ociLayer = ({ mediaType, digest, size }: Descriptor): Descriptor => ({
  mediaType: mediaType.startsWith(dockerLayer)
    ? `${mediaTypes.layer}${mediaType.slice(dockerLayer.length).replace(".", "+")}`
    : mediaType,
  digest,
  size,
});

/** The base's path in its registry, to mount its layers from; null when the target is in another registry. */
export const mountSource = (base: Base, target: string): string | null => {
  const [host, ...path] = base.image.repository.split("/");
  return target.startsWith(`${host}/`) ? path.join("/") : null;
};
