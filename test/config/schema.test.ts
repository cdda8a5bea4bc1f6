import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { allowedAt, formsOf, type Schema, writtenSchema } from "../../src/config/allowed.ts";
import { loadConfig } from "../../src/config/load.ts";
import { bad, good } from "./bad.ts";

const root = join(import.meta.dirname, "../..");
const file = JSON.parse(readFileSync(join(root, "schema/modelgate.schema.json"), "utf8")) as Schema;
const accepts = new Ajv2020({ strict: true, allowUnionTypes: true }).compile(file);

/** DESIGN's example without what later versions bring. */
const released = `model:
  name: digits
  path: models/digits.onnx
  contract:
    inputs:  { image: "float32[-1,64]" }
    outputs: { probabilities: "float32[-1,10]" }
  policy: { max-size: 200 MB }
image:
  repository: ghcr.io/acme/digits
  runtime: onnx
smoke:
  examples: tests/golden.jsonl
evaluate:
  data: data/holdout.csv
  task: classification
  inputs: { image: "pixel_*" }
  label: digit
  classes: [zero, one, two]
  slices: [writer_group]
load: { profile: server, rate: 50/s, duration: 20 s }
gates:
  - accuracy >= 0.95
  - accuracy >= champion - 1pp @95%
  - accuracy >= 0.90 @90% by writer_group [min 200]
  - latency.p99 <= 50ms @95%
  - error_rate <= 0.1%
  - check: log_loss < champion @95%
    severity: advisory
    on_inconclusive: allow
promotion: { max-age: 7 days, first: allow, baseline: main, approval: { by: [mona], expires: 24 h } }
signing: { method: keyless }
trust:
  identities: [{ repository: acme/digits, workflow: acme/digits/.github/workflows/model.yml, ref: refs/heads/main }]
github: { deployment-record: own, comment: false }
environments:
  staging: { platform: local, port: 8080 }
  production: { platform: docker, memory: 512 MB, env: { THREADS: "2" } }
`;

const example = readFileSync(join(root, "examples/digits/modelgate.yml"), "utf8");

test.each([
  ["the tests' own", good],
  ["the design's", released],
  ["the example's", example],
])("editors and modelgate accept %s configuration", (_whose, text) => {
  expect(loadConfig(text, "modelgate.yml").model.name).toBe("digits");
  expect(accepts(parse(text)), JSON.stringify(accepts.errors)).toBe(true);
});

describe("editors refuse what is wrong in a key or a value by itself", () => {
  const structural =
    /^config\.(unknown-key|missing|type) (?!1:1 evaluate$|6:1 evaluate\.(classes|group)$|13:1 load\.\w+$)/;
  const rows = bad.filter(([, , by, problem]) => structural.test(problem) && !/__proto__|<<|nan/.test(by));
  test.each(rows)("%s", (_title, what, by) => {
    expect(accepts(parse(good.replace(what, () => by)))).toBe(false);
  });
  test.each(
    bad.filter(([title]) => /unit|letters/.test(title)).filter(([, , , problem]) => problem.startsWith("config.value")),
  )("%s", (_title, what, by) => {
    expect(accepts(parse(good.replace(what, () => by)))).toBe(false);
  });
});

test.each([
  ["an unknown platform", "platform: local", "platform: moon"],
  ["an unknown task", "task: multiclass", "task: guessing"],
  ["a port out of range", "platform: local", "platform: local, port: 70000"],
  ["one class", '["0", "1", "2"]', '["0"]'],
  ["an environment's odd name", "  staging:", "  Staging:"],
])("editors refuse %s", (_title, what, by) => {
  expect(accepts(parse(good.replace(what, by)))).toBe(false);
});

/** Every key of a schema, with where it is. */
const keysOf = (schema: Schema, at: PropertyKey[] = []): [PropertyKey[], Schema][] =>
  formsOf(schema).flatMap((form) => [
    ...Object.entries(form.properties ?? {}).flatMap(([key, inner]): [PropertyKey[], Schema][] => [
      [[...at, key], inner],
      ...keysOf(inner, [...at, key]),
    ]),
    ...(form.items ? keysOf(form.items, [...at, 0]) : []),
    ...(typeof form.additionalProperties === "object" ? keysOf(form.additionalProperties, [...at, "any"]) : []),
  ]);

test("every key says what it means and what may stand there", () => {
  const keys = keysOf(writtenSchema());
  expect(keys.length).toBeGreaterThan(40);
  expect(keys.filter(([, { description }]) => !description).map(([at]) => at.join("."))).toEqual([]);
  const phrase = allowedAt(writtenSchema());
  expect(keys.filter(([at]) => /^(a value)?$/.test(phrase(at).phrase)).map(([at]) => at.join("."))).toEqual([]);
});

test("what is only ours stays out of the schema for editors", () => {
  expect(readFileSync(join(root, "schema/modelgate.schema.json"), "utf8")).not.toMatch(/"(form|units)":/);
});
