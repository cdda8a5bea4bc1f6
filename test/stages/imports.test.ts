import { describe, expect, test } from "vitest";
import { importers } from "../../src/adapters/importers/index.ts";
import { sha256 } from "../../src/domain/digest.ts";
import type { ImportedMetric } from "../../src/domain/outside/imported.ts";
import type { Outside } from "../../src/domain/outside/measured.ts";
import type { Problem } from "../../src/domain/problem.ts";
import { readImports } from "../../src/stages/imports.ts";

const digest = sha256("candidate");
const arc: ImportedMetric = { of: "arc/acc,none", unit: "ratio", direction: "higher", range: [0, 1] };
const results = (image: string | null, acc: unknown = 0.8) =>
  JSON.stringify({
    results: { arc: { "acc,none": acc, "acc_stderr,none": 0.0402, sample_len: 100 } },
    configs: { arc: { metadata: { version: 1, image } } },
    versions: { arc: 1 },
    "n-shot": { arc: 5 },
    higher_is_better: { arc: { acc: true } },
    lm_eval_version: "0.4.13",
  });

async function read(text: string | null, { metric = arc, champion = null as Outside | null } = {}) {
  const warnings: Problem[] = [];
  const found = await readImports({
    imports: { harness: { tool: "lm-eval", from: "results.json", metrics: { arc: metric } } },
    importer: (tool) => importers[tool as keyof typeof importers],
    readText: async () => text,
    digest,
    champion,
    warn: (problem) => void warnings.push(problem),
  });
  return { metric: found["harness.arc"]!, warnings };
}
const source = "lm-eval arc/acc,none (version 1, 5-shot)";

test("a metric of results about this image has its value, standard error and number of answers", async () => {
  const { metric, warnings } = await read(results(`r.example/m@${digest}`));
  const { of: _, ...as } = arc;
  expect(metric).toEqual({
    ...as,
    source,
    candidate: { value: 0.8, scores: null, error: 0.0402, n: 100 },
    champion: null,
  });
  expect(warnings).toEqual([]);
  expect((await read(results(digest))).metric.candidate).toHaveProperty("value", 0.8);
});

describe("what does not count is refused by name", () => {
  test.each<[string, string | null, RegExp, Partial<ImportedMetric>?]>([
    ["no file", null, /^there is no results\.json$/],
    ["no JSON", "{", /^results\.json cannot be read: results\.json is not JSON/],
    ["another tool's", "{}", /^results\.json cannot be read: these are no results of lm-evaluation-harness/],
    [
      "another image",
      results(`r.example/m@${sha256("other")}`),
      new RegExp(`does not count: it measured ${sha256("other")}, and this image is ${digest}`),
    ],
    ["no image", results(null), /does not count: it does not say which image it measured: run lm_eval with --metadata/],
    ["a tag", results("r.example/m:latest"), /names the image "r\.example\/m:latest", which has no digest/],
    ["a digest within a text", results(`${digest} and others`), /which has no digest/],
    [
      "another metric",
      results(digest),
      /the results have no mmlu\/acc,none; they have arc\/acc,none/,
      { of: "mmlu/acc,none" },
    ],
    [
      "a direction that the tool denies",
      results(digest),
      /the results say that higher is better/,
      { direction: "lower" },
    ],
    ["NaN", results(digest).replace("0.8", "NaN"), /it is NaN, not a number/],
    ["a value outside its range", results(digest, 80), /80 is not between 0 and 1/],
  ])("%s", async (_title, text, missing, change = {}) => {
    const { metric, warnings } = await read(text, { metric: { ...arc, ...change } });
    expect(metric.candidate).toEqual({ missing: expect.stringMatching(missing) as string });
    expect(warnings).toMatchObject([{ code: "evaluate.import", at: { key: "evaluate.imports.harness" } }]);
  });
});

describe("the champion's value is from its own evaluation", () => {
  const { of: _, ...as } = arc;
  const own = { ...as, source, candidate: { value: 0.7, scores: null, error: 0.05, n: 90 }, champion: null };
  test("when it was measured in the same way", async () => {
    const { metric } = await read(results(digest), { champion: { "harness.arc": own } });
    expect(metric.champion).toEqual(own.candidate);
  });
  test.each<[string, Outside, RegExp]>([
    ["not when it was not measured", {}, /own evaluation has no harness\.arc/],
    [
      "not of another version",
      { "harness.arc": { ...own, source: source.replace("version 1", "version 2") } },
      /otherwise: lm-eval arc.*version 2/,
    ],
    ["not of another unit", { "harness.arc": { ...own, unit: "score" } }, /measured otherwise/],
  ])("%s", async (_title, champion, missing) => {
    const { metric } = await read(results(digest), { champion });
    expect(metric.champion).toEqual({ missing: expect.stringMatching(missing) as string });
  });
});
