import { Ajv } from "ajv";
import { describe, expect, test } from "vitest";
import { canonicalJson, type Json } from "../../src/domain/canonical.ts";
import { hex, sha256 } from "../../src/domain/digest.ts";
import {
  buildType,
  materialProblems,
  type Packaging,
  provenanceClaims,
  provenanceOf,
} from "../../src/domain/provenance.ts";
import { githubOrigin, terminalOrigin } from "../fakes/origin.ts";
import { releaseOf } from "../fakes/release.ts";

const release = releaseOf("a");
const base = { repository: "docker.io/library/node", digest: sha256("base") };
const packaging: Packaging = {
  release,
  base,
  runtime: "onnx",
  configPath: "modelgate.yml",
  modelPath: "models/digits.onnx",
  version: "0.1.0",
  source: githubOrigin,
  startedAt: "2026-11-23T11:59:00.000Z",
  finishedAt: "2026-11-23T12:00:00.000Z",
};
const onTerminal: Packaging = { ...packaging, base: null, source: terminalOrigin };
const shards = ["model.onnx", "weights.bin"].map((path) => ({ path, bytes: 1, digest: sha256(path) }));
const sharded: Packaging = { ...packaging, release: { ...release, model: { ...release.model, files: shards } } };
const atUnknownAddress: Packaging = { ...packaging, source: { ...terminalOrigin, commit: githubOrigin.commit } };

const text = { type: "string", minLength: 1 };
const uri = { type: "string", pattern: "^[a-z][a-z0-9+.-]*:\\S+$" };
const instant = { type: "string", pattern: "^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(\\.\\d+)?Z$" };
const open = { type: "object" };
/** https://github.com/in-toto/attestation/blob/main/spec/v1/resource_descriptor.md */
const resource = {
  type: "object",
  additionalProperties: false,
  anyOf: ["uri", "digest", "content"].map((key) => ({ required: [key] })),
  properties: {
    uri,
    digest: { type: "object", minProperties: 1, additionalProperties: { type: "string", pattern: "^[0-9a-f]{40,}$" } },
    name: text,
    downloadLocation: uri,
    mediaType: text,
    content: text,
    annotations: open,
  },
};
const resources = { type: "array", items: resource };
/** The fields of https://slsa.dev/spec/v1.0/provenance#schema, and no other. */
const accepts = new Ajv({ allErrors: true, strict: true, strictRequired: false }).compile({
  type: "object",
  additionalProperties: false,
  required: ["buildDefinition", "runDetails"],
  properties: {
    buildDefinition: {
      type: "object",
      additionalProperties: false,
      required: ["buildType", "externalParameters"],
      properties: {
        buildType: uri,
        externalParameters: open,
        internalParameters: open,
        resolvedDependencies: resources,
      },
    },
    runDetails: {
      type: "object",
      additionalProperties: false,
      required: ["builder"],
      properties: {
        builder: {
          type: "object",
          additionalProperties: false,
          required: ["id"],
          properties: {
            id: uri,
            version: { type: "object", additionalProperties: text },
            builderDependencies: resources,
          },
        },
        metadata: {
          type: "object",
          additionalProperties: false,
          properties: { invocationId: text, startedOn: instant, finishedOn: instant },
        },
        byproducts: resources,
      },
    },
  },
});

const variants: [string, Packaging][] = [
  ["of a workflow", packaging],
  ["of a terminal", onTerminal],
  ["of a model in several files", sharded],
  ["of a commit of no known repository", atUnknownAddress],
];

describe("the provenance has the fields of SLSA v1 and no other", () => {
  test.each(variants)("%s", (_what, made) => {
    accepts(provenanceOf(made));
    expect(accepts.errors).toBeNull();
  });
});

interface Read {
  buildDefinition: {
    externalParameters: unknown;
    resolvedDependencies: { name: string; uri?: string; digest: Record<string, string> }[];
  };
  runDetails: { builder: { id: string; version: unknown }; metadata: Record<string, string> };
}
const read = (made: Packaging): Read => provenanceOf(made) as unknown as Read;

test("a workflow is the builder, its run the invocation, and its commit, the model and the base image what went in", () => {
  const { buildDefinition, runDetails } = read(packaging);
  expect(runDetails).toEqual({
    builder: { id: githubOrigin.workflow, version: { modelgate: "0.1.0" } },
    metadata: {
      invocationId: githubOrigin.run,
      startedOn: "2026-11-23T11:59:00.000Z",
      finishedOn: "2026-11-23T12:00:00.000Z",
    },
  });
  expect(buildDefinition).toMatchObject({
    buildType,
    externalParameters: { config: "modelgate.yml", model: "models/digits.onnx" },
    resolvedDependencies: [
      { uri: "git+https://github.com/acme/digits@refs/heads/main", digest: { gitCommit: githubOrigin.commit } },
      { name: "digits.onnx", digest: { sha256: hex(release.model.files[0]!.digest) } },
      {
        uri: `pkg:oci/node@sha256%3A${hex(base.digest)}?repository_url=docker.io/library/node`,
        digest: { sha256: hex(base.digest) },
      },
    ],
  });
});

test("a terminal is a builder of its own, without a run or a commit", () => {
  const { buildDefinition, runDetails } = read(onTerminal);
  expect(runDetails.builder.id).toBe("https://modelgate.dev/terminal");
  expect(runDetails.metadata).not.toHaveProperty("invocationId");
  expect(buildDefinition.resolvedDependencies.map(({ name }) => name)).toEqual(["digits.onnx"]);
});

test.each(variants)("%s, its claims are read back from it", (_what, made) => {
  const { actor, commit, run } = made.source;
  const stored = JSON.parse(canonicalJson(provenanceOf(made))) as Json;
  expect(provenanceClaims(stored)).toEqual({
    modelDigest: release.model.digest,
    at: "2026-11-23T12:00:00.000Z",
    by: { actor, commit, run },
  });
});

test("the provenance of another builder claims nothing", () => {
  const own = provenanceOf(packaging) as { [key: string]: { [key: string]: Json } };
  const { buildDefinition, runDetails } = own as { buildDefinition: object; runDetails: object };
  const foreign: Json[] = [
    null,
    "provenance",
    [],
    {},
    {
      buildDefinition: { ...buildDefinition, buildType: "https://actions.github.io/buildtypes/workflow/v1" },
      runDetails,
    } as Json,
    { buildDefinition: { ...buildDefinition, internalParameters: {} }, runDetails } as Json,
    { buildDefinition, runDetails: { ...runDetails, metadata: {} } } as Json,
  ];
  expect(foreign.map(provenanceClaims)).toEqual(foreign.map(() => null));
});

test("every file of the model is looked for with its digest", () => {
  const predicate = provenanceOf(sharded);
  expect(materialProblems(predicate, { files: shards })).toEqual([]);
  const swapped = shards.map((file) => ({ ...file, digest: sha256("other bytes") }));
  expect(materialProblems(predicate, { files: swapped })).toHaveLength(2);
  const missing = [...shards, { path: "vocab.txt", bytes: 1, digest: sha256("vocab") }];
  expect(materialProblems(predicate, { files: missing })).toEqual([
    expect.objectContaining({ code: "evidence.subject", message: expect.stringContaining("vocab.txt") as string }),
  ]);
  for (const nothing of [null, {}, { buildDefinition: { resolvedDependencies: [null, "x", {}] } }] as Json[])
    expect(materialProblems(nothing, { files: shards })).toHaveLength(2);
});
