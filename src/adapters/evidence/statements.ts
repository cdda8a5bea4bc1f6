import { z } from "zod";
import { canonicalJson, type Json } from "../../domain/canonical.ts";
import { type Digest, hex, isDigest, sha256 } from "../../domain/digest.ts";
import { type Evidence, type EvidenceKind, isPublished, predicateType, toStatement } from "../../domain/evidence.ts";
import { formatImage, type Image } from "../../domain/image.ts";
import { publishedClaims } from "../../domain/predicates.ts";
import { UserError } from "../../domain/problem.ts";
import type { EvidenceStore, StoredEvidence } from "../../ports/evidence-store.ts";
import { readManifest, wholeBlob } from "../oci/content.ts";
import type { Descriptor, OciStore, OpenStore } from "../oci/store.ts";
import { pushLayer, putArtifact } from "./artifact/manifest.ts";

const inToto = "application/vnd.in-toto+json";
const created = "org.opencontainers.image.created";
const predicateAnnotation = "in-toto.io/predicate-type";
/** The most bytes of a statement. An evaluation holds the answers to every row. */
const limits: Readonly<Record<EvidenceKind, number>> = {
  validation: 8 * 2 ** 20,
  smoke: 8 * 2 ** 20,
  evaluation: 128 * 2 ** 20,
  verdict: 8 * 2 ** 20,
  provenance: 8 * 2 ** 20,
  bom: 8 * 2 ** 20,
};

const digest = z.custom<Digest>((value) => typeof value === "string" && isDigest(value), "is not a sha256 digest");
const json = z.custom<Json>((value) => value !== undefined, "is missing");
const anyStatement = z.object({ predicateType: z.string(), predicate: json });
const ourPredicate = z.strictObject({
  modelDigest: digest,
  at: z.iso.datetime(),
  by: z.strictObject({ actor: z.string(), commit: z.string().nullable(), run: z.string().nullable() }),
  body: json,
});
const ourStatement = z.strictObject({
  _type: z.literal("https://in-toto.io/Statement/v1"),
  subject: z.tuple([z.strictObject({ name: z.string(), digest: z.strictObject({ sha256: z.string() }) })]),
  predicateType: z.string(),
  predicate: ourPredicate,
});

/** A statement of ours, its predicate in our envelope: of a published kind made from what the predicate itself says. Null: of another tool. */
function inEnvelope(kind: EvidenceKind, found: unknown): unknown {
  const any = anyStatement.safeParse(found);
  if (!any.success) return found;
  const { predicateType: type, predicate: body } = any.data;
  if (type !== predicateType(kind)) return null;
  if (!isPublished(kind)) return found;
  const claims = publishedClaims(kind, body);
  return claims && { ...(found as object), predicate: { ...claims, body } };
}

const unreadable = (artifact: Digest, image: Image, why: string): UserError =>
  new UserError([
    {
      code: "release.unreadable",
      message: `the evidence ${artifact} about ${formatImage(image)} cannot be read: ${why}`,
      hint: "Nothing is decided while evidence is unreadable. Find out who wrote it, and remove it from the registry or judge a new release.",
    },
  ]);

/** What an artifact states about an image; null when it states something that is not of the kind asked for. */
async function readStatement(
  store: OciStore,
  artifact: Digest,
  about: { image: Image; kind: EvidenceKind },
  signal: AbortSignal,
): Promise<StoredEvidence | null> {
  const { image, kind } = about;
  const refuse = (why: string): UserError => unreadable(artifact, image, why);
  const manifest = await store.manifest(artifact, signal);
  if (!manifest) throw refuse("it is listed, and the registry does not have it");
  const { layers = [], subject } = readManifest(manifest, store.repository);
  if (subject?.digest !== image.digest) throw refuse(`it refers to ${subject?.digest ?? "nothing"}`);
  const [layer] = layers;
  if (layers.length !== 1 || layer?.mediaType !== inToto)
    throw refuse(`it has not exactly one layer of type ${inToto}`);
  if (!(layer.size <= limits[kind])) throw refuse(`it claims ${layer.size} bytes, more than ${limits[kind]}`);
  const bytes = await wholeBlob(store, layer, limits[kind], signal);
  const statement = parseStatement(bytes, kind, refuse);
  if (!statement) return null;
  const [{ digest: named }] = statement.subject;
  if (named.sha256 !== hex(image.digest)) throw refuse(`its statement is about sha256:${named.sha256}`);
  return { digest: sha256(bytes), kind, ...statement.predicate, signature: { status: "unsigned" } };
}

function parseStatement(
  bytes: Uint8Array,
  kind: EvidenceKind,
  refuse: (why: string) => UserError,
): z.infer<typeof ourStatement> | null {
  let found: unknown;
  try {
    found = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    throw refuse("it is not JSON");
  }
  const enveloped = inEnvelope(kind, found);
  if (enveloped === null) return null;
  const ours = ourStatement.safeParse(enveloped);
  if (ours.success) return ours.data;
  const [issue] = ours.error.issues;
  throw refuse(`${issue?.path.join(".") || "the statement"}: ${issue?.message}`);
}

const newestFirst = (a: StoredEvidence, b: StoredEvidence): number =>
  Date.parse(b.at) - Date.parse(a.at) || (a.digest < b.digest ? -1 : 1);

/** Statements of other kinds say so in their listing and are not read; a registry that lists no annotations has all read. */
const mayBe = ({ annotations }: Descriptor, kind: EvidenceKind): boolean =>
  (annotations?.[predicateAnnotation] ?? predicateType(kind)) === predicateType(kind);

/**
 * Evidence as in-toto statements in OCI artifacts that refer to the image
 * (https://github.com/opencontainers/distribution-spec/blob/v1.1.0/spec.md#listing-referrers). One statement that is damaged
 * or about something else makes the whole list unreadable: to leave it out could hide a `fail`.
 */
export function createEvidenceStore(openStore: OpenStore): EvidenceStore {
  return {
    async attach(evidence, signal) {
      const store = openStore(evidence.image.repository);
      const bytes = new TextEncoder().encode(canonicalJson(toStatement(evidence) as unknown as Json));
      const limit = limits[evidence.kind];
      if (bytes.length > limit)
        throw unreadable(sha256(bytes), evidence.image, `it has ${bytes.length} bytes, more than ${limit}`);
      const subject = await subjectOf(store, evidence, signal);
      const layer = await pushLayer(store, inToto, bytes, signal);
      const annotations = { [created]: evidence.at, [predicateAnnotation]: predicateType(evidence.kind) };
      await putArtifact(store, { artifactType: inToto, layers: [layer], subject, annotations }, signal);
      return layer.digest;
    },
    async list(image, kind, signal) {
      const store = openStore(image.repository);
      const listed = await store.referrers(image.digest, inToto, signal);
      const found: (StoredEvidence | null)[] = [];
      for (const entry of listed.filter((known) => mayBe(known, kind)))
        found.push(await readStatement(store, entry.digest, { image, kind }, signal));
      return found.filter((statement) => statement !== null).toSorted(newestFirst);
    },
  };
}

async function subjectOf(store: OciStore, { image, kind }: Evidence, signal: AbortSignal): Promise<Descriptor> {
  const manifest = await store.manifest(image.digest, signal);
  if (manifest) return { mediaType: manifest.mediaType, digest: image.digest, size: manifest.bytes.length };
  const message = `${kind} evidence has nothing to refer to: the registry has no ${formatImage(image)}`;
  throw new UserError([
    { code: "release.not-found", message, hint: "Package the model first, or check the repository's name." },
  ]);
}
