import { canonicalJson, type Json } from "../../../domain/canonical.ts";
import { isDigest } from "../../../domain/digest.ts";
import { formatImage, type Image } from "../../../domain/image.ts";
import { dtypes, type Model, modelDigest } from "../../../domain/model.ts";
import { UserError } from "../../../domain/problem.ts";
import type { Release } from "../../../domain/release.ts";

/** The label of the image's config that holds the release's description. */
export const releaseLabel = "dev.modelgate.release";

/** What the label says: all of a release but the image's own digest, which the image cannot know. */
export const describeInLabel = ({ model, protocol, port, modelFolder, readyPath }: Omit<Release, "image">): string =>
  canonicalJson({
    ...{ schema: 1, model, protocol, port },
    ...(modelFolder !== undefined && { modelFolder }),
    ...(readyPath !== undefined && { readyPath }),
  } as unknown as Json);

const unreadable = (image: Image, why: string): UserError =>
  new UserError([
    {
      code: "release.unreadable",
      message: `${formatImage(image)} ${why}`,
      hint: "Give the digest that modelgate package printed; other images carry no description of a model.",
    },
  ]);

const isTensor = (value: unknown): boolean => {
  const spec = value as { name?: unknown; dtype?: unknown; shape?: unknown } | null;
  return (
    typeof spec?.name === "string" &&
    dtypes.includes(spec.dtype as (typeof dtypes)[number]) &&
    Array.isArray(spec.shape) &&
    spec.shape.every((side) => typeof side === "number" || typeof side === "string")
  );
};

const isFile = (value: unknown): boolean => {
  const file = value as { path?: unknown; bytes?: unknown; digest?: unknown } | null;
  return (
    typeof file?.path === "string" &&
    Number.isSafeInteger(file.bytes) &&
    typeof file.digest === "string" &&
    isDigest(file.digest)
  );
};

function isModel(value: unknown): value is Model {
  const model = value as Partial<Model> | null;
  return (
    typeof model?.name === "string" &&
    typeof model.format === "string" &&
    Number.isSafeInteger(model.bytes) &&
    Array.isArray(model.files) &&
    model.files.every(isFile) &&
    Array.isArray(model.inputs) &&
    model.inputs.every(isTensor) &&
    Array.isArray(model.outputs) &&
    model.outputs.every(isTensor) &&
    typeof model.facts === "object" &&
    model.facts !== null &&
    Object.values(model.facts).every((fact) => typeof fact === "string" || typeof fact === "number") &&
    model.digest === modelDigest(model.files)
  );
}

const isBelow = (path: string): boolean =>
  path.split("/").every((part) => part !== "" && part !== "." && part !== "..");

/** Reads a release back from the label. @throws UserError `release.unreadable` unless every part has its shape and the digests agree. */
export function readLabel(image: Image, label: string | undefined): Release {
  if (label === undefined) throw unreadable(image, "carries no description of a model");
  let said: Partial<Record<"schema" | keyof Release, unknown>>;
  try {
    said = JSON.parse(label) as typeof said;
  } catch {
    throw unreadable(image, "carries a description that is not JSON");
  }
  if (said.schema !== 1)
    throw unreadable(image, `carries a description of schema ${JSON.stringify(said.schema)}, and this version reads 1`);
  if (!isModel(said.model) || typeof said.protocol !== "string" || !Number.isInteger(said.port))
    throw unreadable(image, "carries a description that contradicts itself");
  const { model, protocol, port, modelFolder, readyPath } = said;
  const isFolder = typeof modelFolder === "string" && modelFolder.startsWith(`models/${model.name}/`);
  const isPath = typeof readyPath === "string" && readyPath.startsWith("/");
  if ((modelFolder !== undefined && !(isFolder && isBelow(modelFolder))) || (readyPath !== undefined && !isPath))
    throw unreadable(image, "carries a description that contradicts itself");
  return {
    ...{ model, image, protocol, port: port as number },
    ...(isFolder && { modelFolder }),
    ...(isPath && { readyPath }),
  };
}
