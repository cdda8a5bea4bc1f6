import { type Digest, hasher, short } from "../../../domain/digest.ts";
import { embeddedHost, type Image } from "../../../domain/image.ts";
import { UserError } from "../../../domain/problem.ts";
import type { Release } from "../../../domain/release.ts";
import type { BuildPlan, BuildResult } from "../../../ports/builder.ts";
import { bytesSource, mediaTypes, readManifest, wholeBlob } from "../../oci/content.ts";
import type { Descriptor, OciStore, OpenStore, PushedBlob } from "../../oci/store.ts";
import { type Base, configLimit, type ImageConfig, mountSource, parseConfig, resolveBase } from "./base.ts";
import { describeInLabel, readLabel, releaseLabel } from "./description.ts";
import { type Layer, modelLayers, runtimeLayer, textLayers } from "./layers.ts";

const parallel = 4;
const epoch = "1970-01-01T00:00:00Z";
const layerWords = "dev.modelgate.layer";
const layerContent = "dev.modelgate.content";

/**
 * Runs work on items, a few at a time; results keep the items' order. A failure stops what is under way, and is thrown when all
 * of it has ended.
 */
async function inParallel<T, R>(
  items: readonly T[],
  work: (item: T, signal: AbortSignal) => Promise<R>,
  signal: AbortSignal,
): Promise<R[]> {
  const results: R[] = Array.from({ length: items.length });
  const stop = new AbortController();
  const either = AbortSignal.any([signal, stop.signal]);
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let index = next++; index < items.length && !either.aborted; index = next++)
      results[index] = await work(items[index]!, either).catch((error: unknown) => {
        stop.abort(error);
        throw error;
      });
  };
  await Promise.allSettled(Array.from({ length: Math.min(parallel, items.length) }, worker));
  either.throwIfAborted();
  return results;
}

/** What the last image of this repository says its layers hold: content → digest of the layer. */
async function previousLayers(store: OciStore, signal: AbortSignal): Promise<Map<string, Digest>> {
  const manifest = await store.manifest("latest", signal);
  const layers = manifest ? (readManifest(manifest, store.repository).layers ?? []) : [];
  return new Map(
    layers.flatMap(({ annotations, digest }) =>
      annotations?.[layerContent] ? [[annotations[layerContent], digest]] : [],
    ),
  );
}

interface Pushed extends PushedBlob {
  layer: Layer;
}

/**
 * A layer that the last image says it has is hashed before it is sent; that claim is never believed, only tried: what is used is
 * the digest of the bytes here. All else is hashed while it is sent.
 */
async function pushLayer(
  store: OciStore,
  layer: Layer,
  known: Map<string, Digest>,
  signal: AbortSignal,
): Promise<Pushed> {
  const claimed = known.get(layer.content);
  const hash = hasher();
  if (claimed) for await (const chunk of layer.openUnchecked(signal)) hash.update(chunk);
  const digest = claimed && hash.digest() === claimed ? claimed : null;
  return { layer, ...(await store.pushBlob({ digest, size: layer.size, open: layer.open }, null, signal)) };
}

const descriptorOf = ({ digest, size, layer }: Pushed): Descriptor => ({
  mediaType: mediaTypes.layer,
  digest,
  size,
  annotations: { [layerWords]: layer.words, [layerContent]: layer.content },
});

/** The base's layers: mounted within a registry, else copied blob by blob without touching the disk. */
const pushBase = (base: Base, store: OciStore, signal: AbortSignal): Promise<PushedBlob[]> =>
  inParallel(
    base.layers,
    ({ digest, size }, either) =>
      store.pushBlob(
        { digest, size, open: (s) => base.store.blob(digest, s) },
        mountSource(base, store.repository),
        either,
      ),
    signal,
  );

/** A release but for its image: what is the usual is not said, so that such images stay what they always were. */
function described({ model, runtime }: BuildPlan): Omit<Release, "image"> {
  const { protocol, port, modelFolder, readyPath } = runtime;
  return {
    ...{ model, protocol, port },
    ...(modelFolder.startsWith(`models/${model.name}/`) && { modelFolder }),
    ...(readyPath !== undefined && { readyPath }),
  };
}

function imageConfig(
  plan: BuildPlan,
  base: Base | null,
  layers: readonly Pushed[],
  architecture: string,
): ImageConfig & Record<string, unknown> {
  const { model, runtime } = plan;
  const env = new Map((base?.config.config?.Env ?? []).map((entry) => [entry.split("=", 1)[0]!, entry]));
  for (const [name, value] of Object.entries(runtime.env)) env.set(name, `${name}=${value}`);
  return {
    created: epoch,
    architecture,
    os: "linux",
    config: {
      ...(base?.config.config?.User && { User: base.config.config.User }),
      Env: [...env.values()],
      Entrypoint: runtime.entrypoint,
      WorkingDir: "/",
      ExposedPorts: { [`${runtime.port}/tcp`]: {} },
      StopSignal: "SIGTERM",
      Labels: {
        ...base?.config.config?.Labels,
        "org.opencontainers.image.title": model.name,
        ...(base && { "org.opencontainers.image.base.digest": base.image.digest }),
        "dev.modelgate.model-digest": model.digest,
        [releaseLabel]: describeInLabel(described(plan)),
      },
    } as NonNullable<ImageConfig["config"]>,
    rootfs: { type: "layers", diff_ids: [...(base?.diffIds ?? []), ...layers.map((layer) => layer.digest)] },
    history: [
      ...(base?.config.history ?? base?.layers.map(() => ({ created: epoch, created_by: "base" })) ?? []),
      ...layers.map(({ layer }) => ({ created: epoch, created_by: `modelgate: ${layer.words}` })),
    ],
  };
}

/**
 * Builds and pushes an image: base, runtime and model layers, config, manifest by digest, then the tags `latest` and the
 * model digest's first twelve digits. No time, owner or machine enters it.
 */
export async function buildImage(
  plan: BuildPlan,
  repository: string,
  target: { openStore: OpenStore; architecture: string },
  signal: AbortSignal,
): Promise<BuildResult> {
  const store = target.openStore(repository);
  const base = plan.base === null ? null : await resolveBase(plan.base, target.architecture, target.openStore, signal);
  const ours = [
    ...(await Promise.all(plan.runtime.folders.map(runtimeLayer))),
    ...textLayers(plan.runtime.files ?? {}),
    ...modelLayers(plan.model, plan.files, plan.runtime.modelFolder),
  ];
  const known = await previousLayers(store, signal);
  const baseBlobs = base ? await pushBase(base, store, signal) : [];
  const layers = await inParallel(ours, (layer, either) => pushLayer(store, layer, known, either), signal);
  const configBytes = Buffer.from(JSON.stringify(imageConfig(plan, base, layers, target.architecture)));
  const config = await store.pushBlob(bytesSource(configBytes), null, signal);
  const bytes = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: mediaTypes.manifest,
      config: { mediaType: mediaTypes.config, digest: config.digest, size: config.size },
      layers: [...(base?.layers ?? []), ...layers.map(descriptorOf)],
      annotations: {
        "org.opencontainers.image.title": plan.model.name,
        "dev.modelgate.model-digest": plan.model.digest,
        ...(base && {
          "org.opencontainers.image.base.name": base.image.repository,
          "org.opencontainers.image.base.digest": base.image.digest,
        }),
      },
    }),
  );
  const digest = await store.putManifest(
    { mediaType: mediaTypes.manifest, bytes, tag: short(plan.model.digest) },
    signal,
  );
  await store.putManifest({ mediaType: mediaTypes.manifest, bytes, tag: "latest" }, signal);
  const blobs = [...baseBlobs, ...layers, config];
  return {
    release: { ...described(plan), image: { repository, digest } },
    base: base?.image ?? null,
    sentBytes: blobs.reduce((sum, blob) => sum + blob.sent, 0),
    reusedBytes: blobs.reduce((sum, blob) => sum + (blob.sent === 0 ? blob.size : 0), 0),
  };
}

/** The manifest of an image. @throws UserError `release.not-found`. */
async function manifestOf(image: Image, store: OciStore, signal: AbortSignal) {
  const manifest = await store.manifest(image.digest, signal);
  const { config, layers = [] } = (manifest && readManifest(manifest, image.repository)) ?? {};
  if (config) return { config, layers };
  throw new UserError([
    {
      code: "release.not-found",
      message: `${image.repository} has no image ${image.digest}`,
      hint: image.repository.startsWith(`${embeddedHost}/`)
        ? "The embedded registry is the folder .modelgate beside modelgate.yml: run in the folder where the image was packaged."
        : "Check the repository and the digest, and that you may read it.",
    },
  ]);
}

/** Reads the release back from an image's own label. @throws UserError `release.not-found`, `release.unreadable`. */
export async function describeImage(
  image: Image,
  openStore: OpenStore,
  signal: AbortSignal,
): Promise<BuildResult["release"]> {
  const store = openStore(image.repository);
  const manifest = await manifestOf(image, store, signal);
  const config = parseConfig(await wholeBlob(store, manifest.config, configLimit, signal));
  return readLabel(image, config?.config?.Labels?.[releaseLabel]);
}

/** Bytes of an image's layers as they are stored, each once, and of its configuration. @throws UserError `release.not-found`. */
export async function imageSize(image: Image, openStore: OpenStore, signal: AbortSignal): Promise<number> {
  const { config, layers } = await manifestOf(image, openStore(image.repository), signal);
  const blobs = new Map([config, ...layers].map(({ digest, size }) => [digest, size]));
  return [...blobs.values()].reduce((sum, size) => sum + size, 0);
}
