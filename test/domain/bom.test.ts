import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv } from "ajv";
import { describe, expect, test } from "vitest";
import { bomClaims, bomOf, type Ingredients } from "../../src/domain/bom.ts";
import { canonicalJson, type Json } from "../../src/domain/canonical.ts";
import { hex, sha256 } from "../../src/domain/digest.ts";
import { formatImage } from "../../src/domain/image.ts";
import type { Release } from "../../src/domain/release.ts";
import { githubOrigin, terminalOrigin } from "../fakes/origin.ts";
import { releaseOf } from "../fakes/release.ts";

const schemas = join(import.meta.dirname, "../fixtures/cyclonedx");
const schemaOf = (name: string) =>
  JSON.parse(readFileSync(join(schemas, `${name}.schema.json`), "utf8")) as Record<string, unknown>;

/** The official schema; its words for tools (`meta:enum`) and loose unions are not ajv's strict dialect. */
const accepts = new Ajv({
  strict: false,
  allErrors: true,
  formats: {
    "date-time": /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/,
    "iri-reference": /^[^\s<>"{}|\\^`]*$/,
    "idn-email": /@/,
    uri: /^[a-z][a-z0-9+.-]*:/,
  },
})
  .addSchema(schemaOf("spdx"), "http://cyclonedx.org/schema/spdx.SNAPSHOT.schema.json")
  .addSchema(schemaOf("jsf-0.82"), "http://cyclonedx.org/schema/jsf-0.82.SNAPSHOT.schema.json")
  .compile(schemaOf("bom-1.6"));

const release = releaseOf("a");
const base = { repository: "docker.io/library/node", digest: sha256("base") };
const at = "2026-11-23T12:00:00.000Z";
const ingredients: Ingredients = {
  release,
  base,
  runtime: "onnx",
  task: "multiclass",
  version: "0.1.0",
  source: githubOrigin,
  at,
};
const withModel = (fields: Partial<Release["model"]>): Release => ({
  ...release,
  model: { ...release.model, ...fields },
});
const shards = ["model.onnx", "weights.bin"].map((path) => ({ path, bytes: 1, digest: sha256(path) }));

const variants: [string, Ingredients][] = [
  ["from a workflow, on a base image", ingredients],
  [
    "from a terminal, without a base image or a task",
    { ...ingredients, base: null, task: null, source: terminalOrigin },
  ],
  ["of a model in several files", { ...ingredients, release: withModel({ files: shards }) }],
  [
    "of a model with facts",
    {
      ...ingredients,
      release: withModel({ facts: { opset: 17, license: "Apache-2.0", "architecture-family": "transformer" } }),
    },
  ],
  ["in a registry with a port", { ...ingredients, release: releaseOf("a", "127.0.0.1:5000/acme/digits") }],
];

describe("the official CycloneDX 1.6 schema accepts the bill of materials", () => {
  test.each(variants)("%s", (_what, made) => {
    accepts(bomOf(made));
    expect(accepts.errors).toBeNull();
  });

  test("and would refuse a wrong one", () => {
    const wrong: object[] = [
      { ...(bomOf(ingredients) as object), specVersion: 1.6 },
      { ...(bomOf(ingredients) as object), serialNumber: "urn:uuid:1" },
      { ...(bomOf(ingredients) as object), components: [{ type: "model", name: "digits" }] },
      { ...(bomOf(ingredients) as object), metadata: { timestamp: "yesterday" } },
    ];
    expect(wrong.map((bom) => accepts(bom))).toEqual([false, false, false, false]);
  });
});

interface Read {
  serialNumber: string;
  metadata: { component: Component };
  components: Component[];
  dependencies: { ref: string; dependsOn: string[] }[];
}
interface Component {
  type: string;
  "bom-ref": string;
  name: string;
  purl?: string;
  hashes?: { alg: string; content: string }[];
  licenses?: unknown;
  components?: Component[];
  modelCard?: { modelParameters: Record<string, unknown> };
}
const read = (made: Ingredients): Read => bomOf(made) as unknown as Read;

test("it is about the image, and names the model with its bytes, inputs and outputs", () => {
  const { metadata, components } = read(ingredients);
  expect(metadata.component).toMatchObject({
    type: "container",
    hashes: [{ alg: "SHA-256", content: hex(release.image.digest) }],
    purl: `pkg:oci/digits@sha256%3A${hex(release.image.digest)}?repository_url=registry.example/acme/digits`,
  });
  expect(components[0]).toMatchObject({
    type: "machine-learning-model",
    name: "digits",
    hashes: [{ alg: "SHA-256", content: hex(release.model.files[0]!.digest) }],
    modelCard: {
      modelParameters: {
        task: "multiclass",
        inputs: [{ format: "image: float32[-1,64]" }],
        outputs: [{ format: "probabilities: float32[-1,10]" }],
      },
    },
  });
});

test("what is not known is not said", () => {
  const { components } = read({ ...ingredients, task: null });
  expect(Object.keys(components[0]!.modelCard!.modelParameters)).toEqual(["inputs", "outputs"]);
  expect(components[0]).not.toHaveProperty("licenses");
});

test("several files are components of the model, each with its digest", () => {
  const [model] = read(variants[2]![1]).components;
  expect(model).not.toHaveProperty("hashes");
  expect(model!.components!.map(({ name, hashes }) => [name, hashes![0]!.content])).toEqual(
    shards.map(({ path, digest }) => [path, hex(digest)]),
  );
});

test("the licence and the family are taken from the model's facts", () => {
  const [model] = read(variants[3]![1]).components;
  expect(model!.licenses).toEqual([{ license: { name: "Apache-2.0" } }]);
  expect(model!.modelCard!.modelParameters["architectureFamily"]).toBe("transformer");
});

test.each(variants)("%s, every dependency is a component", (_what, made) => {
  const { metadata, components, dependencies } = read(made);
  const refs = [metadata.component, ...components].map((component) => component["bom-ref"]);
  expect(dependencies.map(({ ref }) => ref).toSorted()).toEqual(refs.toSorted());
  expect(dependencies.flatMap(({ dependsOn }) => dependsOn).filter((ref) => !refs.includes(ref))).toEqual([]);
});

test("the image depends on the model, the runtime and the base image", () => {
  const { dependencies } = read(ingredients);
  expect(dependencies[0]).toEqual({
    ref: formatImage(release.image),
    dependsOn: [`model:${release.model.digest}`, "runtime:onnx", formatImage(base)],
  });
});

test("the same packaging has the same serial number, another has another", () => {
  expect(read(ingredients).serialNumber).toBe(read(ingredients).serialNumber);
  const others = [
    { ...ingredients, at: "2026-11-23T12:00:01.000Z" },
    { ...ingredients, release: releaseOf("b") },
  ];
  expect(new Set([ingredients, ...others].map((made) => read(made).serialNumber)).size).toBe(3);
});

test.each(variants)("%s, its claims are read back from it", (_what, made) => {
  const { actor, commit, run } = made.source;
  const stored = JSON.parse(canonicalJson(bomOf(made))) as Json;
  expect(bomClaims(stored)).toEqual({ modelDigest: made.release.model.digest, at, by: { actor, commit, run } });
});

test("a bill of materials of another tool claims nothing", () => {
  const bare = { bomFormat: "CycloneDX", specVersion: "1.6", metadata: { timestamp: at } };
  const foreign: Json[] = [null, "bom", [], {}, bare, { ...bare, metadata: { ...bare.metadata, properties: [null] } }];
  expect(foreign.map(bomClaims)).toEqual(foreign.map(() => null));
});
