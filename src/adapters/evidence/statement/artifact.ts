import { type EvidenceKind, predicateType } from "../../../domain/evidence.ts";
import type { Image } from "../../../domain/image.ts";
import { readManifest, wholeBlob } from "../../oci/content.ts";
import type { Descriptor, OciStore } from "../../oci/store.ts";
import { pushLayer, putArtifact } from "../artifact/manifest.ts";

/** The types of the artifacts that hold a statement: plain, or signed in a Sigstore bundle. */
export const plain = "application/vnd.in-toto+json";
export const bundle = "application/vnd.dev.sigstore.bundle.v0.3+json";

const created = "org.opencontainers.image.created";
/** Where each says the kind of its statement; of bundles as cosign 3 writes it. */
const predicateAnnotation: Readonly<Record<string, string>> = {
  [plain]: "in-toto.io/predicate-type",
  [bundle]: "dev.sigstore.bundle.predicateType",
};

/** The most bytes of a statement, and of a bundle, which holds it in base64 beside certificates and timestamps. */
export const statementLimit = 8 * 2 ** 20;
const layerLimits: Readonly<Record<string, number>> = { [plain]: statementLimit, [bundle]: 12 * 2 ** 20 };

/** Whether a referrer may hold a statement of a kind. A registry that lists no annotations has all of them read. */
export function mayState({ artifactType = "", annotations }: Descriptor, kind: EvidenceKind): boolean {
  const key = predicateAnnotation[artifactType];
  return key !== undefined && (annotations?.[key] ?? predicateType(kind)) === predicateType(kind);
}

export interface Attached {
  kind: EvidenceKind;
  at: string;
  /** The image. */
  subject: Descriptor;
}

/** Attaches a statement, plain or in a bundle. */
export async function putStatement(
  store: OciStore,
  artifactType: typeof plain | typeof bundle,
  bytes: Uint8Array,
  { kind, at, subject }: Attached,
  signal: AbortSignal,
): Promise<void> {
  const layer = await pushLayer(store, artifactType, bytes, signal);
  const annotations = {
    [created]: at,
    ...(artifactType === bundle && { "dev.sigstore.bundle.content": "dsse-envelope" }),
    [predicateAnnotation[artifactType]!]: predicateType(kind),
  };
  await putArtifact(store, { artifactType, layers: [layer], subject, annotations }, signal);
}

/** Attaches a body that lies beside its statement. It is an artifact of its own: cosign reads bundles of one layer only. */
export async function putContent(
  store: OciStore,
  mediaType: string,
  bytes: Uint8Array,
  { at, subject }: Attached,
  signal: AbortSignal,
): Promise<void> {
  const layer = await pushLayer(store, mediaType, bytes, signal);
  await putArtifact(
    store,
    { artifactType: mediaType, layers: [layer], subject, annotations: { [created]: at } },
    signal,
  );
}

/**
 * The one layer of an artifact that is listed for an image.
 * @throws RangeError that says what is wrong with the artifact.
 */
export async function layerOf(
  store: OciStore,
  { digest, artifactType = "" }: Descriptor,
  image: Image,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const manifest = await store.manifest(digest, signal);
  if (!manifest) throw new RangeError("it is listed, and the registry does not have it");
  const { layers = [], subject } = readManifest(manifest, store.repository);
  if (subject?.digest !== image.digest) throw new RangeError(`it refers to ${subject?.digest ?? "nothing"}`);
  const [layer] = layers;
  if (layers.length !== 1 || layer?.mediaType !== artifactType)
    throw new RangeError(`it has not exactly one layer of type ${artifactType}`);
  const limit = layerLimits[artifactType] ?? 0;
  if (!(layer.size <= limit)) throw new RangeError(`it claims ${layer.size} bytes, more than ${limit}`);
  return wholeBlob(store, layer, limit, signal);
}
