import { describe, expect, test } from "vitest";
import type { DeclaredMetric } from "../../../src/domain/outside/declared.ts";
import { readScriptOutput } from "../../../src/domain/outside/script-output.ts";

const helpfulness: DeclaredMetric = { unit: "ratio", direction: "higher", range: [0, 1] };
const grade: DeclaredMetric = { unit: "score", direction: "higher", range: [1, 5] };
const asked = { rows: 4, mostUnscored: 0 };
const read = (text: string, more: Partial<typeof asked> = {}) =>
  readScriptOutput(text, { helpfulness }, { ...asked, ...more });
const reasonOf = (text: string): string => {
  const { helpfulness: found } = read(text).metrics;
  return found && "missing" in found ? found.missing : `a value: ${JSON.stringify(found)}`;
};

test("one number is a value without scores", () => {
  expect(read('{"metrics": {"helpfulness": 0.91}}')).toEqual({
    metrics: { helpfulness: { value: 0.91, scores: null } },
    extra: [],
  });
});

test("scores of rows are the metric's mean, with or without a number that says the same", () => {
  const found = { helpfulness: { value: 0.75, scores: [1, 1, 0, 1] } };
  expect(read('{"rows": {"helpfulness": [1, 1, 0, 1]}}').metrics).toEqual(found);
  expect(read('{"metrics": {"helpfulness": 0.75}, "rows": {"helpfulness": [1, 1, 0, 1]}}').metrics).toEqual(found);
});

test("of several scores of a row their mean counts", () => {
  const { metrics } = readScriptOutput('{"rows": {"grade": [[4, 5, 3], [1], 2, [5, 5]]}}', { grade }, asked);
  expect(metrics).toEqual({ grade: { value: 3, scores: [4, 1, 2, 5] } });
  const reason = (rows: string) => readScriptOutput(`{"rows": {"grade": ${rows}}}`, { grade }, asked).metrics["grade"];
  expect(reason("[[4], [], 2, 3]")).toEqual({ missing: expect.stringMatching(/^row 2 scored/) });
  expect(reason("[[4], [9, 1], 2, 3]")).toEqual({ missing: expect.stringMatching(/^row 2 scored/) });
});

const prompt = "0".repeat(64);

test("who judged is kept with every metric", () => {
  const judge = { id: "gpt-x", version: "2026-05", prompt_sha256: prompt };
  const { metrics, extra } = read(JSON.stringify({ metrics: { helpfulness: 0.5 }, judge }));
  const kept = { id: "gpt-x", version: "2026-05", promptSha256: prompt };
  expect([metrics, extra]).toEqual([{ helpfulness: { value: 0.5, scores: null, judge: kept } }, []]);
});

describe("what is no result is named", () => {
  test.each<[string, RegExp]>([
    ["", /not JSON: it is empty/],
    ["helpfulness: 0.9", /not JSON: it begins with "helpfulness: 0\.9"; print one JSON object/],
    ["[]", /not of the form/],
    ['{"metrics": {"helpfulness": 1}, "judge": "gpt-x"}', /its judge has no id/],
    ['{"metrics": {"helpfulness": 1}, "judge": {"id": "gpt-x"}}', /its judge gpt-x has no version/],
    [
      '{"metrics": {"helpfulness": 1}, "judge": {"id": "gpt-x", "version": "1", "prompt_sha256": "ab"}}',
      /its judge gpt-x has no prompt_sha256 of 64 hex digits/,
    ],
    ['{"metrics": [0.9]}', /not of the form/],
    ["{}", /not in the output; print \{"metrics": \{"helpfulness": …\}\}/],
    ['{"metrics": {"helpfulness": NaN}}', /it is NaN, not a number/],
    ['{"metrics": {"helpfulness": -Infinity}}', /it is -Infinity, not a number/],
    ['{"metrics": {"helpfulness": 1e999}}', /it is Infinity, not a number/],
    ['{"metrics": {"helpfulness": null}}', /it is null, not a number/],
    ['{"metrics": {"helpfulness": "0.9"}}', /it is "0\.9", not a number/],
    ['{"metrics": {"helpfulness": {"mean": 0.9}}}', /it is an object/],
    ['{"metrics": {"helpfulness": 91}}', /91 is not between 0 and 1 \(is it in per cent\? 0\.91 is meant\)/],
    ['{"metrics": {"helpfulness": -0.1}}', /-0\.1 is not between 0 and 1$/],
    ['{"rows": {"helpfulness": 1}}', /rows are 1, not a list/],
    ['{"rows": {"helpfulness": [1, 1, 0]}}', /3 row scores, and the data set has 4 rows/],
    ['{"rows": {"helpfulness": [1, NaN, 0, 1]}}', /row 2 scored NaN, not a number/],
    ['{"rows": {"helpfulness": [1, 1, true, 1]}}', /row 3 scored a boolean, not a number/],
    ['{"rows": {"helpfulness": [1, 1, 0, 7]}}', /row 4: 7 is not between 0 and 1/],
    ['{"rows": {"helpfulness": [1, null, 0, 1]}}', /row 2 has no score; evaluate\.failed-rows: exclude/],
    [
      '{"metrics": {"helpfulness": 0.9}, "rows": {"helpfulness": [1, 1, 0, 1]}}',
      /says 0\.9, and the mean of its rows is 0\.75/,
    ],
    ['{"metrics": {"helpfulness": 0.1}, "metrics": {"helpfulness": 0.9}}', /not JSON/],
    ['{"metrics": {"__proto__": 1}}', /not in the output/],
  ])("%s", (text, reason) => {
    expect(reasonOf(text)).toMatch(reason);
  });
});

test("what is not declared is told and changes nothing", () => {
  const { metrics, extra } = read('{"metrics": {"helpfulness": 0.9, "tone": 1}, "rows": {"length": []}, "cost": 3}');
  expect(extra).toEqual(["tone", "length", "cost"]);
  expect(metrics).toEqual({ helpfulness: { value: 0.9, scores: null } });
});

test("NaN inside a text is that text", () => {
  expect(read('{"metrics": {"helpfulness": 0.5}, "NaN": "NaN"}').extra).toEqual(["NaN"]);
});

test("where rows may be left out, so many may be without a score and no more", () => {
  const text = '{"rows": {"helpfulness": [1, null, 0, 1]}}';
  expect(read(text, { mostUnscored: 0.25 }).metrics["helpfulness"]).toMatchObject({ value: 2 / 3 });
  expect(read(text, { mostUnscored: 0.24 }).metrics["helpfulness"]).toHaveProperty("missing");
  expect(
    read('{"rows": {"helpfulness": [null, null, null, null]}}', { mostUnscored: 1 }).metrics["helpfulness"],
  ).toHaveProperty("missing");
});

test("each metric stands by itself", () => {
  const { metrics } = readScriptOutput('{"metrics": {"grade": 7, "helpfulness": 0.5}}', { helpfulness, grade }, asked);
  expect(metrics).toEqual({
    helpfulness: { value: 0.5, scores: null },
    grade: { missing: "7 is not between 1 and 5" },
  });
});
