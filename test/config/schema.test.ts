import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import { expect, test } from "vitest";
import { parse } from "yaml";

const root = join(import.meta.dirname, "../..");
const schema = JSON.parse(readFileSync(join(root, "schema/modelgate.schema.json"), "utf8")) as object;
const valid = new Ajv2020({ strict: false }).compile(schema);
const example = (): Record<string, Record<string, unknown>> =>
  parse(readFileSync(join(root, "examples/digits/modelgate.yml"), "utf8")) as Record<string, Record<string, unknown>>;

test("the schema accepts the example's configuration", () => {
  expect(valid(example()), JSON.stringify(valid.errors)).toBe(true);
});

test.each<[string, (config: Record<string, Record<string, unknown>>) => void]>([
  ["an unknown key", (config) => (config["model"]!["nme"] = "x")],
  ["no model", (config) => delete config["model"]],
  ["an unknown platform", (config) => (config["environments"]!["staging"] = { platform: "moon" })],
  ["an unknown task", (config) => (config["evaluate"]!["task"] = "guessing")],
  ["an option of another platform", (config) => (config["environments"]!["staging"] = { platform: "local", memory: "1g" })],
])("the schema refuses %s", (_title, change) => {
  const config = example();
  change(config);
  expect(valid(config)).toBe(false);
});
