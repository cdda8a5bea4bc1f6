import type { Json } from "./canonical.ts";
import { hex, isDigest, sha256 } from "./digest.ts";
import type { Evidence } from "./evidence.ts";
import { formatImage, type Image, imagePurl } from "./image.ts";
import { formatTensor, type Model, type TensorSpec } from "./model.ts";
import type { Release, Source } from "./release.ts";

/** What goes into a bill of materials beside the release. */
export interface Ingredients {
  release: Release;
  /** The base image by digest; null without one. */
  base: Image | null;
  /** Kind of the runtime. */
  runtime: string;
  /** What the evaluation is about, such as `classification`; null where there is none. */
  task: string | null;
  /** The version of modelgate. */
  version: string;
  source: Source;
  at: string;
}

type Component = { readonly [key: string]: Json };

const hashes = (digest: Image["digest"]): Json => [{ alg: "SHA-256", content: hex(digest) }];
const property = (name: string, value: string): Json => ({ name: `modelgate:${name}`, value });

/** What modelgate states of itself in the metadata, and reads back from there. */
const modelDigestProperty = "model-digest";

const imageComponent = (image: Image): Component => ({
  type: "container",
  "bom-ref": formatImage(image),
  name: image.repository,
  version: image.digest,
  purl: imagePurl(image),
  hashes: hashes(image.digest),
});

const runtimeComponent = (runtime: string): Component => ({
  type: "framework",
  "bom-ref": `runtime:${runtime}`,
  name: runtime,
  description: "The runtime that serves the model",
});

const tensors = (specs: readonly TensorSpec[]): Json =>
  specs.map((spec) => ({ format: `${spec.name}: ${formatTensor(spec)}` }));

const factText = ({ facts }: Model, ...names: readonly string[]): string | null => {
  const found = names.map((name) => facts[name]).find((value) => value !== undefined && value !== "");
  return found === undefined ? null : String(found);
};

/** The model. One file is the component itself; several are components of it. */
function modelComponent(model: Model, task: string | null): Component {
  const [file, ...more] = model.files;
  const family = factText(model, "architecture-family", "architecture");
  const license = factText(model, "license", "licenses");
  return {
    type: "machine-learning-model",
    "bom-ref": `model:${model.digest}`,
    name: model.name,
    version: model.digest,
    ...(license !== null && { licenses: [{ license: { name: license } }] }),
    ...(file && more.length === 0 && { hashes: hashes(file.digest) }),
    ...(more.length > 0 && {
      components: model.files.map(({ path, digest }) => ({ type: "file", name: path, hashes: hashes(digest) })),
    }),
    modelCard: {
      modelParameters: {
        ...(task !== null && { task }),
        ...(family !== null && { architectureFamily: family }),
        inputs: tensors(model.inputs),
        outputs: tensors(model.outputs),
      },
    },
    properties: [
      property("format", model.format),
      property("bytes", String(model.bytes)),
      ...Object.entries(model.facts).map(([name, value]) => property(`fact:${name}`, String(value))),
    ],
  };
}

/** A UUID that follows from what it names, marked as one of our own making (RFC 9562, version 8). */
function uuidOf(text: string): string {
  const digits = hex(sha256(text));
  const variant = ((Number.parseInt(digits[16]!, 16) & 3) | 8).toString(16);
  const parts = [digits.slice(0, 8), digits.slice(8, 12), `8${digits.slice(13, 16)}`, variant + digits.slice(17, 20)];
  return [...parts, digits.slice(20, 32)].join("-");
}

/** A CycloneDX 1.6 bill of materials of a packaged image (https://cyclonedx.org/docs/1.6/json/). */
export function bomOf({ release, base, runtime, task, version, source, at }: Ingredients): Json {
  const { image, model } = release;
  const [whole, learned, serving] = [imageComponent(image), modelComponent(model, task), runtimeComponent(runtime)];
  const below = base ? [imageComponent(base)] : [];
  const refs = (components: readonly Component[]): Json => components.map((component) => component["bom-ref"]!);
  return {
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    serialNumber: `urn:uuid:${uuidOf(`${formatImage(image)}|${at}`)}`,
    version: 1,
    metadata: {
      timestamp: at,
      tools: { components: [{ type: "application", name: "modelgate", version }] },
      component: whole,
      properties: [
        property(modelDigestProperty, model.digest),
        property("actor", source.actor),
        ...(source.commit === null ? [] : [property("commit", source.commit)]),
        ...(source.run === null ? [] : [property("run", source.run)]),
      ],
    },
    components: [learned, serving, ...below],
    dependencies: [
      { ref: whole["bom-ref"]!, dependsOn: refs([learned, serving, ...below]) },
      { ref: learned["bom-ref"]!, dependsOn: refs([serving]) },
      { ref: serving["bom-ref"]!, dependsOn: refs(below) },
      ...below.map((component) => ({ ref: component["bom-ref"]!, dependsOn: [] })),
    ],
  };
}

/** What a bill of materials of ours says of itself; null when another tool wrote it. */
export function bomClaims(predicate: Json): Pick<Evidence, "modelDigest" | "at" | "by"> | null {
  const { metadata } = (predicate ?? {}) as { metadata?: { timestamp?: unknown; properties?: unknown } };
  const properties = Array.isArray(metadata?.properties) ? metadata.properties : [];
  const said = (name: string): string | null => {
    const found = properties.find((one: { name?: unknown } | null) => one?.name === `modelgate:${name}`) as
      | { value?: unknown }
      | undefined;
    return typeof found?.value === "string" ? found.value : null;
  };
  const [modelDigest, actor, at] = [said(modelDigestProperty), said("actor"), metadata?.timestamp];
  if (modelDigest === null || !isDigest(modelDigest) || actor === null) return null;
  if (typeof at !== "string" || Number.isNaN(Date.parse(at))) return null;
  return { modelDigest, at, by: { actor, commit: said("commit"), run: said("run") } };
}
