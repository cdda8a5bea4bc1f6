import { expect, test } from "vitest";
import { schemaFault } from "../../src/adapters/schemas/index.ts";
import { patternMatches } from "../../src/adapters/system/patterns.ts";
import { checkOf, decide } from "../../src/domain/gate/decide.ts";
import type { Observations } from "../../src/domain/observations/observations.ts";
import { keptRules, type Rule } from "../../src/stages/rules.ts";
import { context } from "../domain/gate/observed.ts";

const texts = (list: readonly string[]) => ({ task: "generation" as const, texts: list, logprobs: null });
const observed = (candidate: readonly string[], champion: readonly string[] | null = null): Observations => ({
  ...{
    task: "generation",
    classes: [],
    truth: candidate.map(() => ["right"]),
    groups: null,
    failedRows: 0,
    load: null,
  },
  candidate: texts(candidate),
  champion: champion && texts(champion),
  championState: champion ? "present" : "none",
  slices: { half: candidate.map((_, row) => (row % 2 === 0 ? "even" : "odd")) },
});
const kept = (rules: Record<string, Rule>, observations: Observations) =>
  keptRules({ rules, patternMatches, schemaFault }, observations);

const order: Rule = {
  schema: { type: "object", properties: { city: { type: "string" } }, required: ["city"], additionalProperties: false },
};

test("each answer keeps a pattern or not, and a schema or not", () => {
  const answers = ['{"city": "Bern"}', '{"city": 3}', "Bern", '{"city": "Bern", "zip": 1}'];
  const found = kept({ brace: { regex: "^\\{.*\\}$" }, order }, observed(answers, ["{}", '{"city": ""}', "", "x"]));
  expect(found).toMatchObject({
    "rules.brace": { candidate: { value: 0.75, scores: [1, 1, 0, 1] }, champion: { scores: [1, 1, 0, 0] } },
    "rules.order": { candidate: { value: 0.25, scores: [1, 0, 0, 0] }, champion: { scores: [0, 1, 0, 0] } },
  });
});

test("what takes too long, and answers that are no texts, are no score", () => {
  const rules = { slow: { regex: "a" } };
  const over = { rules, patternMatches: () => null, schemaFault };
  expect(keptRules(over, observed(["a"]))["rules.slow"]?.candidate).toMatchObject({
    missing: expect.stringContaining("/a/ takes too long"),
  });
  const labels = { ...observed(["a"]), candidate: { task: "regression" as const, values: Float64Array.of(1) } };
  expect(kept(rules, labels)["rules.slow"]?.candidate).toEqual({ missing: "the answers are no texts" });
});

test("gates judge them as rates: by the bound, against the champion and by slice", () => {
  const answers = (right: number) => Array.from({ length: 400 }, (_, row) => (row < right ? "2026-11-24" : "today"));
  const observations = observed(answers(390), answers(388));
  const found = { ...observations, outside: kept({ date: { regex: "^\\d{4}-\\d\\d-\\d\\d$" } }, observations) };
  const said = (check: string) => decide(checkOf(check), found, context);
  expect(said("rules.date >= 95% @95%")).toMatchObject({ status: "pass", method: "clopper-pearson", value: 0.975 });
  expect(said("rules.date >= champion - 2pp @95%")).toMatchObject({ status: "pass", method: "tango" });
  expect(said("rules.date >= 99% @95%")).toMatchObject({ status: "fail" });
  expect(said("rules.date >= 90% by half")).toMatchObject({ status: "pass" });
});
