import type { Json } from "./canonical.ts";
import { type Digest, hex, isDigest } from "./digest.ts";
import type { Evidence } from "./evidence.ts";
import { type Image, imagePurl } from "./image.ts";
import type { Model } from "./model.ts";
import type { Problem } from "./problem.ts";
import type { Origin, Release } from "./release.ts";

/** What `package` does, as docs/reference/evidence.md describes it. */
export const buildType = "https://modelgate.dev/buildtypes/package/v1";

/** Who builds where no workflow does. */
const terminal = "https://modelgate.dev/terminal";

/** One packaging, for its provenance. */
export interface Packaging {
  release: Release;
  /** The base image by digest; null without one. */
  base: Image | null;
  /** Kind of the runtime. */
  runtime: string;
  /** As the user named them. */
  configPath: string;
  modelPath: string;
  /** The version of modelgate. */
  version: string;
  source: Origin;
  startedAt: string;
  finishedAt: string;
}

/** An in-toto ResourceDescriptor: what went into the image. */
type Material = { name?: string; uri?: string; digest: { [algorithm: string]: string } };

/** The source at its commit; nothing outside a repository. */
function sourceMaterial({ repository, ref, commit }: Origin): Material[] {
  if (commit === null) return [];
  const uri = repository === null ? {} : { uri: `git+${repository}${ref === null ? "" : `@${ref}`}` };
  return [{ name: "source", ...uri, digest: { gitCommit: commit } }];
}

const materials = ({ release, base, source }: Packaging): Material[] => [
  ...sourceMaterial(source),
  ...release.model.files.map(({ path, digest }) => ({ name: path, digest: { sha256: hex(digest) } })),
  ...(base ? [{ name: "base image", uri: imagePurl(base), digest: { sha256: hex(base.digest) } }] : []),
];

/** SLSA provenance v1 of a packaged image (https://slsa.dev/spec/v1.0/provenance). */
export const provenanceOf = (packaging: Packaging): Json => {
  const { release, runtime, configPath, modelPath, version, source, startedAt, finishedAt } = packaging;
  return {
    buildDefinition: {
      buildType,
      externalParameters: { config: configPath, model: modelPath },
      internalParameters: { modelDigest: release.model.digest, runtime, actor: source.actor },
      resolvedDependencies: materials(packaging),
    },
    runDetails: {
      builder: { id: source.workflow ?? terminal, version: { modelgate: version } },
      metadata: {
        ...(source.run !== null && { invocationId: source.run }),
        startedOn: startedAt,
        finishedOn: finishedAt,
      },
    },
  };
};

/** A predicate as far as we wrote it; anything of it may be something else. */
interface Ours {
  buildDefinition?: {
    buildType?: unknown;
    internalParameters?: { modelDigest?: unknown; actor?: unknown };
    resolvedDependencies?: unknown;
  };
  runDetails?: { metadata?: { invocationId?: unknown; finishedOn?: unknown } };
}

const materialsIn = (predicate: Json): { name?: unknown; digest?: Readonly<Record<string, unknown>> }[] => {
  const found = (predicate as Ours | null)?.buildDefinition?.resolvedDependencies;
  return Array.isArray(found) ? found.filter((one) => typeof one === "object" && one !== null) : [];
};

/** What a provenance of ours says of itself; null when another builder wrote it. */
export function provenanceClaims(predicate: Json): Pick<Evidence, "modelDigest" | "at" | "by"> | null {
  const { buildDefinition, runDetails } = (predicate ?? {}) as Ours;
  const { modelDigest, actor } = buildDefinition?.internalParameters ?? {};
  const { invocationId, finishedOn } = runDetails?.metadata ?? {};
  if (buildDefinition?.buildType !== buildType) return null;
  if (typeof modelDigest !== "string" || !isDigest(modelDigest)) return null;
  if (typeof finishedOn !== "string" || Number.isNaN(Date.parse(finishedOn)) || typeof actor !== "string") return null;
  const commit = materialsIn(predicate)
    .map(({ digest }) => digest?.["gitCommit"])
    .find((value) => typeof value === "string");
  return {
    modelDigest,
    at: finishedOn,
    by: { actor, commit: commit ?? null, run: typeof invocationId === "string" ? invocationId : null },
  };
}

/** The files of a model that a provenance does not name with the digest they have. */
export function materialProblems(predicate: Json, { files }: Pick<Model, "files">): Problem[] {
  const named = materialsIn(predicate);
  const holds = (path: string, digest: Digest): boolean =>
    named.some((material) => material.name === path && material.digest?.["sha256"] === hex(digest));
  return files
    .filter(({ path, digest }) => !holds(path, digest))
    .map(({ path, digest }) => ({
      code: "evidence.subject",
      message: `the provenance does not name ${path} with ${digest}: it is about another model`,
      hint: "Run modelgate package again for this model.",
    }));
}
