import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { loadConfig } from "../../src/config/load.ts";
import { type Problem, UserError } from "../../src/domain/problem.ts";

const good = `model:
  name: digits
  path: models/digits.onnx
  contract:
    inputs: { image: "float32[-1,64]" }
evaluate:
  data: data/holdout.csv
  task: multiclass
  inputs: { image: "pixel_*" }
  label: digit
  classes: ["0", "1", "2"]
  slices: [stroke]
load: { rate: 50/s, duration: 20 s }
gates:
  - accuracy >= 0.95
environments:
  staging: { platform: local }
`;

const problemsOf = (text: string): readonly Problem[] => {
  try {
    loadConfig(text, "modelgate.yml");
    return [];
  } catch (error) {
    if (error instanceof UserError) return error.problems;
    throw error;
  }
};

/** What is replaced in the good configuration, by what; then code, line, column, key and what the hint says. */
const bad: readonly [string, string, string, Problem["code"], number, number, string, RegExp][] = [
  [
    "an unknown key at the top",
    "model:\n",
    "modle:\n  x: 1\nmodel:\n",
    "config.unknown-key",
    1,
    1,
    "modle",
    /Did you mean "model"\?/,
  ],
  [
    "an unknown key of model",
    "  name: digits",
    "  name: digits\n  nme: x",
    "config.unknown-key",
    3,
    3,
    "model.nme",
    /Did you mean "name"\? Allowed: name, path, contract, policy/,
  ],
  [
    "a key of a later version",
    "environments:",
    "monitor: {}\nenvironments:",
    "config.unknown-key",
    16,
    1,
    "monitor",
    /Allowed: model, image/,
  ],
  [
    "an unknown key of evaluate",
    "  label: digit",
    "  label: digit\n  labels: x",
    "config.unknown-key",
    11,
    3,
    "evaluate.labels",
    /Did you mean "label"/,
  ],
  [
    "a hostile key",
    "  name: digits",
    "  name: digits\n  constructor: x",
    "config.unknown-key",
    3,
    3,
    "model.constructor",
    /Allowed: name/,
  ],
  [
    "an unknown key of a platform",
    "platform: local",
    "platform: local, prot: 80",
    "config.unknown-key",
    17,
    31,
    "environments.staging.prot",
    /Did you mean "port"/,
  ],
  [
    "an unknown key of a load test",
    "rate: 50/s",
    "rate: 50/s, users: 3",
    "config.unknown-key",
    13,
    21,
    "load.users",
    /Allowed: profile, rate/,
  ],
  [
    "an unknown key of the contract",
    "    inputs:",
    "    input: {}\n    inputs:",
    "config.unknown-key",
    5,
    5,
    "model.contract.input",
    /Did you mean "inputs"/,
  ],
  ["no model", good.slice(0, good.indexOf("evaluate:")), "", "config.missing", 1, 1, "model", /name, path/],
  ["no model path", "  path: models/digits.onnx\n", "", "config.missing", 1, 1, "model.path", /Add model.path/],
  ["no model name", "  name: digits\n", "", "config.missing", 1, 1, "model.name", /Add model.name/],
  [
    "no environments",
    "environments:\n  staging: { platform: local }\n",
    "",
    "config.missing",
    1,
    1,
    "environments",
    /Add environments/,
  ],
  ["no label", "  label: digit\n", "", "config.missing", 6, 1, "evaluate.label", /Add evaluate.label/],
  ["no data", "  data: data/holdout.csv\n", "", "config.missing", 6, 1, "evaluate.data", /Add evaluate.data/],
  ["no classes", '  classes: ["0", "1", "2"]\n', "", "config.value", 7, 3, "evaluate", /List the class names/],
  [
    "no platform",
    "{ platform: local }",
    "{}",
    "config.missing",
    17,
    3,
    "environments.staging.platform",
    /local, docker/,
  ],
  ["no rate", "rate: 50/s, ", "", "config.missing", 13, 1, "load.rate", /Add load.rate/],
  [
    "gates and nothing measured",
    good.slice(good.indexOf("evaluate:"), good.indexOf("load:")),
    "",
    "config.missing",
    8,
    3,
    "gates",
    /Add evaluate/,
  ],
  ["a list where a text belongs", "name: digits", "name: [digits]", "config.type", 2, 9, "model.name", /Write a text/],
  [
    "a number where a text belongs",
    "path: models/digits.onnx",
    "path: 3",
    "config.type",
    3,
    9,
    "model.path",
    /Write a text/,
  ],
  [
    "a text where a list belongs",
    "slices: [stroke]",
    "slices: stroke",
    "config.type",
    12,
    11,
    "evaluate.slices",
    /Write a list/,
  ],
  [
    "a text where keys belong",
    "load: { rate: 50/s, duration: 20 s }",
    "load: fast",
    "config.type",
    13,
    7,
    "load",
    /Write keys and values/,
  ],
  [
    "nothing where keys belong",
    "load: { rate: 50/s, duration: 20 s }",
    "load:",
    "config.type",
    13,
    6,
    "load",
    /Write keys and values/,
  ],
  ["a whole file that is a list", good, "- a\n", "config.type", 1, 1, "", /Write keys and values/],
  [
    "a name with capitals",
    "name: digits",
    "name: Digits",
    "config.value",
    2,
    9,
    "model.name",
    /docs\/reference\/config.md/,
  ],
  [
    "an unknown task",
    "task: multiclass",
    "task: classification",
    "config.value",
    8,
    9,
    "evaluate.task",
    /Allowed: binary, multiclass, regression/,
  ],
  [
    "an unknown platform",
    "platform: local",
    "platform: dokcer",
    "config.value",
    17,
    24,
    "environments.staging.platform",
    /Did you mean "docker"\? Allowed: local, docker/,
  ],
  [
    "an unknown runtime",
    "model:\n",
    "image: { runtime: onx }\nmodel:\n",
    "config.value",
    1,
    19,
    "image.runtime",
    /Did you mean "onnx"/,
  ],
  [
    "an unknown profile",
    "{ rate",
    "{ profile: servr, rate",
    "config.value",
    13,
    18,
    "load.profile",
    /Did you mean "server"/,
  ],
  ["a rate without a unit", "rate: 50/s", "rate: 50", "config.value", 13, 15, "load.rate", /config.md/],
  ["a duration without a unit", "duration: 20 s", "duration: 20", "config.value", 13, 31, "load.duration", /config.md/],
  [
    "a duration with a wrong unit",
    "duration: 20 s",
    "duration: 20 sec",
    "config.value",
    13,
    31,
    "load.duration",
    /config.md/,
  ],
  [
    "a size without a unit",
    "  path: models",
    "  policy: { max-size: 200 }\n  path: models",
    "config.value",
    3,
    23,
    "model.policy.max-size",
    /config.md/,
  ],
  [
    "a share beyond all",
    "  label: digit",
    "  max-failed: 200%\n  label: digit",
    "config.value",
    10,
    15,
    "evaluate.max-failed",
    /config.md/,
  ],
  [
    "a repository with a tag",
    "model:\n",
    "image: { repository: ghcr.io/acme/digits:latest }\nmodel:\n",
    "config.value",
    1,
    22,
    "image.repository",
    /config.md/,
  ],
  [
    "a tensor of no type",
    "float32[-1,64]",
    "float[-1,64]",
    "config.value",
    5,
    22,
    "model.contract.inputs.image",
    /config.md/,
  ],
  [
    "a port out of range",
    "platform: local",
    "platform: local, port: 70000",
    "config.value",
    17,
    37,
    "environments.staging.port",
    /at most 65535/,
  ],
  [
    "a threshold out of range",
    "  label: digit",
    "  threshold: 2\n  label: digit",
    "config.value",
    10,
    14,
    "evaluate.threshold",
    /at most 1/,
  ],
  [
    "a class twice",
    '["0", "1", "2"]',
    '["0", "1", "1"]',
    "config.value",
    11,
    12,
    "evaluate.classes",
    /each class once/,
  ],
  [
    "three classes for two",
    "task: multiclass",
    "task: binary",
    "config.value",
    11,
    12,
    "evaluate.classes",
    /multiclass/,
  ],
  [
    "docker without a registry",
    "platform: local",
    "platform: docker",
    "config.missing",
    17,
    24,
    "environments.staging.platform",
    /image.repository/,
  ],
  [
    "an environment's odd name",
    "  staging:",
    "  Staging:",
    "config.value",
    17,
    3,
    "environments.Staging",
    /lower-case/,
  ],
  [
    "a gate's misspelt metric",
    "accuracy >= 0.95",
    "acuracy >= 0.95",
    "config.gate",
    15,
    5,
    "gates.0",
    /did you mean "accuracy"/i,
  ],
  [
    "a gate's misspelt reference",
    "accuracy >= 0.95",
    "accuracy > chmpion",
    "config.gate",
    15,
    16,
    "gates.0",
    /did you mean "champion"/i,
  ],
  ["a gate without a number", "accuracy >= 0.95", "accuracy >=", "config.gate", 15, 16, "gates.0", /number/],
  [
    "a gate in quotes keeps its columns",
    "accuracy >= 0.95",
    '"accuracy => 0.95"',
    "config.gate",
    15,
    15,
    "gates.0",
    />=, <=/,
  ],
  [
    "a gate by an unknown slice",
    "accuracy >= 0.95",
    "accuracy >= 0.95 by country",
    "config.gate",
    15,
    22,
    "gates.0",
    /stroke/,
  ],
  ["a gate of another task", "accuracy >= 0.95", "mae <= 3", "config.gate", 15, 5, "gates.0", /allowed/],
  [
    "a latency gate without a load test",
    "load: { rate: 50/s, duration: 20 s }\ngates:\n  - accuracy >= 0.95",
    "gates:\n  - latency.p99 <= 50ms",
    "config.gate",
    14,
    5,
    "gates.0",
    /load/,
  ],
  [
    "a gate that contradicts its metric",
    "accuracy >= 0.95",
    "accuracy <= champion",
    "config.gate",
    15,
    14,
    "gates.0",
    />/,
  ],
  [
    "a gate with two conditions",
    "accuracy >= 0.95",
    "accuracy >= 0.9 && f1 > 0.8",
    "config.gate",
    15,
    21,
    "gates.0",
    /two checks/,
  ],
  [
    "an unknown severity",
    "- accuracy >= 0.95",
    "- { check: accuracy >= 0.95, severity: warning }",
    "config.value",
    15,
    42,
    "gates[0].severity",
    /required, advisory/,
  ],
  ["a tab in the indentation", "  name: digits", "\tname: digits", "config.syntax", 2, 1, "", /indentation/],
  ["a key twice", "  name: digits", "  name: digits\n  name: other", "config.syntax", 3, 3, "", /repeated keys/],
  ["a bracket that does not close", "slices: [stroke]", "slices: [stroke", "config.syntax", 13, 1, "", /indentation/],
];

describe("a bad configuration is told with its place, what is allowed and a suggestion", () => {
  test.each(bad)("%s", (_title, what, by, code, line, column, key, hint) => {
    expect(good).toContain(what);
    const problems = problemsOf(good.replace(what, by));
    const found = problems.find((problem) => problem.code === code && (problem.at?.key ?? "") === key);
    expect(found?.at ?? problems).toMatchObject({ file: "modelgate.yml", line, column });
    expect(found?.hint).toMatch(hint);
    expect(found?.message).not.toMatch(/undefined|\[object|ZodError/);
  });
});

test("all problems are told at once", () => {
  const text = good
    .replace("name: digits", "nme: digits")
    .replace("platform: local", "platform: nowhere")
    .replace("50/s", "50");
  expect(
    problemsOf(text)
      .map(({ at }) => at?.key)
      .toSorted(),
  ).toEqual(["environments.staging.platform", "load.rate", "model.name", "model.nme"]);
});

test("all gates' problems are told at once", () => {
  const text = good.replace("  - accuracy >= 0.95", "  - acuracy >= 0.95\n  - accuracy >=\n  - latency.p99 <= 50");
  expect(problemsOf(text).map(({ at }) => at?.line)).toEqual([15, 16, 17]);
});

test("a good configuration has its units resolved", () => {
  const config = loadConfig(good, "modelgate.yml");
  expect(config).toMatchObject({
    model: { contract: { inputs: { image: { dtype: "float32", shape: [-1, 64] } }, outputs: null }, maxBytes: null },
    load: { ratePerSecond: 50, milliseconds: 20_000, warmupMilliseconds: 2000, timeoutMilliseconds: 30_000 },
    promotion: { maxAgeMilliseconds: 7 * 86_400_000, first: "allow" },
    environments: { staging: { platform: "local", options: {} } },
  });
});

test("the example's configuration is good", () => {
  const file = join(import.meta.dirname, "../../examples/digits/modelgate.yml");
  expect(loadConfig(readFileSync(file, "utf8"), file).gates).toHaveLength(5);
});

test("an alias bomb is refused", () => {
  const bomb = `a: &a [x,x,x,x,x,x,x,x,x]\n${"bcdefgh".replaceAll(/./g, (name, index: number) => `${name}: &${name} [${Array.from({ length: 9 }, () => `*${"abcdefg"[index]}`).join(",")}]\n`)}`;
  expect(problemsOf(bomb)[0]?.code).toBe("config.syntax");
});

test("a text beyond a megabyte is refused before it is parsed", () => {
  expect(problemsOf("x".repeat(2 ** 20 + 1))[0]?.message).toMatch(/characters/);
});

test("no change to a good configuration makes anything but problems for people", () => {
  const pieces = [
    "",
    ":",
    "- ",
    "\n",
    "  ",
    "{",
    "}",
    "[",
    "]",
    '"',
    "&a ",
    "*a",
    "null",
    "~",
    "!!binary ",
    "1e999",
    "\t",
    "#",
    "|",
    "? ",
    "0x1F",
    "__proto__: 1\n",
  ];
  fc.assert(
    fc.property(fc.nat(good.length), fc.nat(12), fc.constantFrom(...pieces), (at, length, piece) => {
      const problems = problemsOf(good.slice(0, at) + piece + good.slice(at + length));
      for (const problem of problems) expect(problem.hint.length).toBeGreaterThan(0);
    }),
    { numRuns: 500 },
  );
  expect(problemsOf(good)).toEqual([]);
});
