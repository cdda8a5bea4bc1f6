import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Config } from "../../src/config/config.ts";
import { loadConfig } from "../../src/config/load.ts";
import { type Problem, UserError } from "../../src/domain/problem.ts";
import { bad, good } from "./bad.ts";

const problemsOf = (text: string): readonly Problem[] => {
  try {
    loadConfig(text, "modelgate.yml");
    return [];
  } catch (error) {
    if (error instanceof UserError) return error.problems;
    throw error;
  }
};

const told = ({ code, at }: Problem): string => `${code} ${at?.line}:${at?.column} ${at?.key ?? ""}`.trim();

const evaluateOf = (text: string): NonNullable<Config["evaluate"]> => {
  const { evaluate } = loadConfig(text, "modelgate.yml");
  if (!evaluate) throw new Error("the configuration has no evaluate");
  return evaluate;
};

describe("a bad configuration is told with its place, what is allowed and a suggestion", () => {
  test.each(bad)("%s", (_title, what, by, expected, hint) => {
    expect(good).toContain(what);
    const problems = problemsOf(good.replace(what, () => by));
    expect(problems.map(told)).toContain(expected);
    const found = problems.find((problem) => told(problem) === expected);
    expect(found?.hint).toMatch(hint);
    expect(`${found?.message} ${found?.hint}`).not.toMatch(
      /undefined|\[object|NaN\b(?! *\.)|Invalid|expected .*received/,
    );
    expect(found?.hint).toMatch(/^[A-Z].*[.?]$/);
  });
});

test("problems of keys, values, gates and what contradicts itself are told at once, in the order of the file", () => {
  const text = good
    .replace("name: digits", "nme: digits")
    .replace('"1", "2"', '"1", "1"')
    .replace("50/s", "50")
    .replace(gate, "acuracy >= 0.9\n  - accuracy >=")
    .replace("platform: local", "platform: nowhere");
  expect(problemsOf(text).map(told)).toEqual([
    "config.missing 1:1 model.name",
    "config.unknown-key 2:3 model.nme",
    "config.value 11:23 evaluate.classes[2]",
    "config.value 13:15 load.rate",
    "config.gate 15:5 gates[0]",
    "config.gate 16:16 gates[1]",
    "config.value 18:24 environments.staging.platform",
  ]);
});

const gate = "accuracy >= 0.95";

test("gates are read when what they are measured on is wrong itself", () => {
  const text = good.replace("task: multiclass", "task: wrong").replace(gate, "accuracy =>");
  expect(problemsOf(text).map(told)).toEqual(["config.value 8:9 evaluate.task", "config.gate 15:14 gates[0]"]);
});

test("one slip in YAML is one problem, not one for every line behind it", () => {
  expect(problemsOf(good.replace('"float32[-1,64]"', "float32[-1,64]"))).toHaveLength(1);
});

test("every repeated key is told", () => {
  const text = good.replace("  name:", "  name: a\n  name: b\n  path: c\n  name:");
  expect(problemsOf(text).map(told)).toEqual([
    "config.syntax 3:3 model.name",
    "config.syntax 5:3 model.name",
    "config.syntax 6:3 model.path",
  ]);
});

test("places are right behind a byte order mark and in a file of Windows", () => {
  const text = good.replace(gate, "accuracy >= 0.95 by country");
  expect(problemsOf(`\uFEFF${text}`.replaceAll("\n", "\r\n")).map(told)).toEqual(["config.gate 15:22 gates[0]"]);
});

test("a good configuration has its units resolved and everything absent named", () => {
  expect(loadConfig(good, "modelgate.yml")).toMatchObject({
    file: "modelgate.yml",
    model: {
      name: "digits",
      contract: { inputs: { image: { dtype: "float32", shape: [-1, 64] } }, outputs: null },
      maxBytes: null,
    },
    image: { repository: null, base: null, runtime: "onnx", server: null },
    smoke: null,
    evaluate: { task: "multiclass", threshold: 0.5, concurrency: 8, failedRows: "error", maxFailed: null, id: null },
    load: {
      plan: { profile: "server", ratePerSecond: 50, milliseconds: 20_000 },
      allowClosed: false,
      warmupMilliseconds: 2000,
      timeoutMilliseconds: 30_000,
    },
    gates: [{ text: gate, severity: "required", onInconclusive: "block" }],
    promotion: { maxAgeMilliseconds: 7 * 86_400_000, first: "allow" },
    environments: { staging: { platform: "local", options: {} } },
  });
});

test.each([
  ["200 MB", 2e8],
  ["1.5GiB", 1.5 * 2 ** 30],
  ["1 B", 1],
])("a size of %s is %d bytes", (written, bytes) => {
  const text = good.replace("  path:", `  policy: { max-size: ${written} }\n  path:`);
  expect(loadConfig(text, "m.yml").model.maxBytes).toBe(bytes);
});

test.each([
  ["50/s", "250 ms", 50, 250],
  ["90/min", "2 min", 1.5, 120_000],
  ["7 rps", "1 h", 7, 3_600_000],
])("a load of %s for %s", (rate, duration, ratePerSecond, milliseconds) => {
  const text = good.replace("50/s", rate).replace("20 s", duration);
  expect(loadConfig(text, "m.yml").load).toMatchObject({ plan: { ratePerSecond, milliseconds } });
});

test("a search for the greatest rate has its usual lengths", () => {
  const search = "find-max: { slo: [latency.p99 <= 250ms, error_rate <= 0.5%], from: 10/s, to: 500/s }";
  const text = good.replace("20 s }", `20 s, ${search}, goodput: { latency: 1 s } }`);
  expect(loadConfig(text, "m.yml").load).toMatchObject({
    findMax: {
      slo: ["latency.p99 <= 250ms", "error_rate <= 0.5%"],
      ...{ from: 10, to: 500, precision: 0.1, trialMilliseconds: 15_000, confirmMilliseconds: 60_000 },
    },
    goodput: { latency: 1000, ttft: null, tpot: null },
  });
});

test.each([
  ["{ profile: replay, arrivals: traffic.txt }", { profile: "replay", arrivals: "traffic.txt" }],
  ["{ profile: stream, concurrency: 4, duration: 5 s }", { profile: "stream", concurrency: 4, milliseconds: 5000 }],
  ["{ profile: offline, concurrency: 4 }", { profile: "offline", concurrency: 4, batch: 1, items: null }],
  [
    "{ profile: offline, concurrency: 4, batch: 8, items: 100 }",
    { profile: "offline", concurrency: 4, batch: 8, items: 100 },
  ],
])("a load of %s", (written, plan) => {
  const text = good.replace(/load: .*/, `load: ${written}`);
  expect(loadConfig(text, "m.yml").load?.plan).toEqual(plan);
});

test("of how the model is asked only what was said is there", () => {
  const dialectOf = (text: string) => loadConfig(`${good}\n${text}\n`, "modelgate.yml").protocol;
  expect(dialectOf("")).toEqual({});
  expect(dialectOf("protocol: { stream: true, completions: false }")).toEqual({ stream: true });
});

test("of access everything absent is named", () => {
  const accessOf = (text: string) => loadConfig(`${good}\naccess: ${text}\n`, "modelgate.yml").access;
  expect(accessOf("{ headers: { Authorization: TOKEN } }")).toEqual({
    headers: { Authorization: "TOKEN" },
    host: null,
    tls: null,
  });
  expect(accessOf("{ host: 'm.example:8443', tls: { ca: ca.pem, cert: CERT, key: KEY, server-name: m } }")).toEqual({
    headers: {},
    host: "m.example:8443",
    tls: { ca: "ca.pem", client: { cert: "CERT", key: "KEY" }, serverName: "m" },
  });
  expect(problemsOf(`${good}\naccess: { tls: { cert: CERT } }`).map(({ message }) => message)).toEqual([
    expect.stringContaining("needs cert and key together"),
  ]);
});

test("a share is the number nearest to what is written", () => {
  const text = good.replace("  label:", "  failed-rows: wrong\n  max-failed: 57%\n  label:");
  expect(evaluateOf(text).maxFailed).toBe(0.57);
});

test("classification is binary with two classes, else multiclass", () => {
  const text = good.replace("task: multiclass", "task: classification");
  expect(evaluateOf(text)).toMatchObject({ task: "multiclass", classes: ["0", "1", "2"] });
  expect(evaluateOf(text.replace('["0", "1", "2"]', "[0, 1]"))).toMatchObject({ task: "binary", classes: ["0", "1"] });
});

test("a regression needs no classes", () => {
  const text = good
    .replace("task: multiclass", "task: regression")
    .replace(/ {2}classes.*\n/, "")
    .replace(gate, "mae <= 3");
  expect(evaluateOf(text)).toMatchObject({ task: "regression", classes: [] });
});

test("the long form of a gate says how much it counts", () => {
  const long = `- { check: ${gate}, severity: advisory, on_inconclusive: allow }`;
  const { gates } = loadConfig(good.replace(`- ${gate}`, long), "m.yml");
  expect(gates).toMatchObject([{ text: gate, severity: "advisory", onInconclusive: "allow" }]);
});

test("alternatives are read, and their gate says how much they count", () => {
  const long = `- { any_of: [${gate}, ece_top <= 0.1], on_inconclusive: allow }`;
  const { gates } = loadConfig(good.replace(`- ${gate}`, long), "m.yml");
  const weight = { severity: "required", onInconclusive: "allow" };
  expect(gates).toMatchObject([
    {
      text: `any_of: [${gate}, ece_top <= 0.1]`,
      ...weight,
      anyOf: [{ text: gate }, { text: "ece_top <= 0.1" }],
    },
  ]);
});

test("a model may be validated without any more than its name, its path and the environments", () => {
  const { evaluate, gates, environments } = loadConfig("model: { name: m, path: m.onnx }\nenvironments: {}\n", "m.yml");
  expect({ evaluate, gates, environments }).toEqual({ evaluate: null, gates: [], environments: {} });
});

test("anchors may be used, and a problem is placed where the alias stands", () => {
  const text = `${good}image: { server: &folder served, base: *folder }\n`;
  expect(loadConfig(text, "m.yml").image).toMatchObject({ server: "served", base: "served" });
  expect(problemsOf(good.replace("[stroke]", "&one stroke").replace("{ rate: 50/s", "{ rate: *one")).map(told)).toEqual(
    ["config.type 12:16 evaluate.slices", "config.value 13:15 load.rate"],
  );
});

test("the example's configuration is good", () => {
  const file = join(import.meta.dirname, "../../examples/digits/modelgate.yml");
  expect(loadConfig(readFileSync(file, "utf8"), file).gates).toHaveLength(5);
});

describe("what would eat the machine is refused", () => {
  const bomb = `a: &a [x,x,x,x,x,x,x,x,x]\n${"bcdefgh".replaceAll(/./g, (name, index: number) => `${name}: &${name} [${Array.from({ length: 9 }, () => `*${"abcdefg"[index]}`).join(",")}]\n`)}`;
  test.each([
    ["an alias bomb", bomb, /by aliases/],
    ["an alias of itself", "model: &m { name: *m }\n", /./],
    ["a text beyond a megabyte", "x".repeat(2 ** 20 + 1), /1048577 characters/],
    ["brackets in brackets", "[".repeat(20_000), /nested too deeply/],
  ])("%s", (_title, text, message) => {
    expect(problemsOf(text)[0]?.message).toMatch(message);
  });
});

test("ten thousand wrong keys are told by the first hundred", () => {
  const text = good + Array.from({ length: 10_000 }, (_, index) => `key${index}: 1\n`).join("");
  const problems = problemsOf(text);
  expect(problems).toHaveLength(101);
  expect(problems.at(-1)?.message).toBe("modelgate.yml has 9900 more problems");
});

test("no change to a good configuration makes anything but problems for people", () => {
  const pieces = ["", ":", "- ", "\n", "  ", "{", "}", "[", "]", '"', "&a ", "*a", "null", "~", "!!binary ", "1e999"];
  const more = ["\t", "#", "|", "? ", "0x1F", "__proto__: 1\n", "constructor", "*", "%", "\u2028", "<<: *a\n", "---\n"];
  const change = fc.tuple(fc.nat(good.length), fc.nat(12), fc.constantFrom(...pieces, ...more));
  fc.assert(
    fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), (changes) => {
      const text = changes.reduce(
        (old, [at, length, piece]) => old.slice(0, at) + piece + old.slice(at + length),
        good,
      );
      for (const { message, hint, at } of problemsOf(text)) {
        expect(`${message} ${hint}`).not.toMatch(/undefined|\[object/);
        expect(at).toMatchObject({ file: "modelgate.yml", line: expect.any(Number), column: expect.any(Number) });
      }
    }),
    { numRuns: 1000 },
  );
  expect(problemsOf(good)).toEqual([]);
});

test("a command has its metrics by direction, unit and range, and its time", () => {
  const command = `  commands:
    judge:
      run: [python, eval/judge.py]
      metrics: { helpfulness: { better: higher, unit: ratio }, wait: { better: lower, unit: ms }, grade: { better: higher, range: [1, 5] } }
      env: [SERVICE_KEY]
`;
  const text = good
    .replace("  slices: [stroke]\n", (slices) => `${slices}${command}`)
    .replace(gate, "judge.helpfulness >= champion - 2pp @95% by stroke\n  - judge.wait <= 2s\n  - judge.grade >= 3");
  expect(evaluateOf(text).commands).toEqual({
    judge: {
      run: ["python", "eval/judge.py"],
      metrics: {
        helpfulness: { unit: "ratio", direction: "higher", range: [0, 1] },
        wait: { unit: "ms", direction: "lower", range: [0, null] },
        grade: { unit: "score", direction: "higher", range: [1, 5] },
      },
      env: ["SERVICE_KEY"],
      timeoutMilliseconds: 600_000,
    },
  });
  expect(evaluateOf(good).commands).toEqual({});
});

test("results of another tool have their file, and the tool's name of each metric", () => {
  const harness = `  imports:
    harness:
      tool: lm-eval
      from: out/results.json
      metrics: { arc: { of: "arc_easy/acc,none", better: higher, unit: ratio }, tone: { better: higher } }
`;
  const text = good
    .replace("  slices: [stroke]\n", (slices) => `${slices}${harness}`)
    .replace(gate, "harness.arc >= champion - 2pp @95%");
  expect(evaluateOf(text).imports["harness"]).toEqual({
    tool: "lm-eval",
    from: "out/results.json",
    metrics: {
      arc: { of: "arc_easy/acc,none", unit: "ratio", direction: "higher", range: [0, 1] },
      tone: { of: "tone", unit: "score", direction: "higher", range: [null, null] },
    },
  });
});

test("what running it takes is measured without being declared; its cost needs a price and a load test", () => {
  const checks = "image.size <= 500 MB\n  - cold_start <= 20 s\n  - memory.max <= 2 GB\n  - cost_per_1k <= 0.05";
  const priced = good
    .replace("  slices: [stroke]\n", "  slices: [stroke]\n  price-per-hour: 1.2\n")
    .replace(gate, checks);
  expect(evaluateOf(priced).pricePerHour).toBe(1.2);
  for (const without of [good.replace(gate, checks), priced.replace(/^load:.*\n/m, "")])
    expect(problemsOf(without).map(({ hint }) => hint)).toEqual([
      expect.stringMatching(/load and evaluate\.price-per-hour/),
    ]);
});
