import { describe, expect, test } from "vitest";
import { canonicalJson, type Json } from "../../../src/domain/canonical.ts";
import { sha256 } from "../../../src/domain/digest.ts";
import { evaluationFromJson, evaluationToJson } from "../../../src/domain/evaluation.ts";
import { checkProblems } from "../../../src/domain/gate/check.ts";
import { checkOf, decide } from "../../../src/domain/gate/decide.ts";
import { outsideAt } from "../../../src/domain/gate/known-outside.ts";
import { selfTest } from "../../../src/domain/gate/self-test.ts";
import type { Observations } from "../../../src/domain/observations/observations.ts";
import type { Judge } from "../../../src/domain/outside/judge.ts";
import type { OutsideMetric, Reported } from "../../../src/domain/outside/measured.ts";
import { operations } from "../../../src/domain/outside/operation.ts";
import { context, rightOrNot, wrongFirst } from "./observed.ts";

const share = { unit: "ratio", direction: "higher", range: [0, 1] } as const;
const grade = { unit: "score", direction: "higher", range: [1, 5] } as const;
const wait = { unit: "ms", direction: "lower", range: [0, null] } as const;
const rows = 200;

const number = (value: number): Reported => ({ value, scores: null });
const scored = (scores: readonly (number | null)[]): Reported => {
  const known = scores.filter((score) => score !== null);
  return { value: known.reduce((sum, score) => sum + score, 0) / known.length, scores };
};
const each = (score: (row: number) => number | null): Reported =>
  scored(Array.from({ length: rows }, (_, row) => score(row)));

const observed = (helpfulness: Partial<OutsideMetric>, more: Partial<Observations> = {}): Observations => ({
  ...rightOrNot(wrongFirst(rows, 4), wrongFirst(rows, 4)),
  slices: { half: Array.from({ length: rows }, (_, row) => (row < 100 ? "first" : "second")) },
  outside: { "judge.helpfulness": { ...share, candidate: number(0.9), champion: null, ...helpfulness } },
  ...more,
});
const judged = (text: string, observations: Observations) => decide(checkOf(text), observations, context);
const told = (text: string, observations: Observations) => {
  const { status, reason, method } = judged(text, observations);
  return [status, reason, method];
};

describe("one number", () => {
  const one = observed({ champion: number(0.95) });
  test.each<[string, string, string | null]>([
    ["judge.helpfulness >= 90%", "pass", null],
    ["judge.helpfulness > 0.9", "fail", null],
    ["judge.helpfulness >= champion - 5pp", "pass", null],
    ["judge.helpfulness >= champion", "fail", null],
    ["judge.helpfulness >= 0.5 @95%", "error", "no_row_scores"],
    ["judge.helpfulness >= champion - 50pp @95%", "error", "no_row_scores"],
    ["judge.helpfulness >= 0.5 by half", "error", "no_row_scores"],
    ["judge.helpfulness >= 0.5 [min 10]", "error", "no_row_scores"],
    ["judge.helpfulness <= 0.95", "error", "declared_otherwise"],
    ["judge.tone >= 0.5", "error", "not_measured"],
  ])("%s", (text, status, reason) => {
    const found = judged(text, one);
    expect([found.status, found.reason]).toEqual([status, reason]);
    expect(found.sentence).toMatch(reason === null ? /^(judge\.helpfulness|difference) .*asked/ : /\w.*\.$/);
  });

  test("a value below zero has no share of itself", () => {
    const negative = observed({
      ...share,
      range: [null, null],
      unit: "score",
      candidate: number(-2),
      champion: number(-1),
    });
    expect(told("judge.helpfulness >= champion * 0.9", negative)).toEqual([
      "error",
      "relative_to_nonpositive",
      "point",
    ]);
  });
});

describe("a score for each row", () => {
  const better = each((row) => (row % 50 === 0 ? 0 : 1));
  const worse = each((row) => (row % 10 === 0 ? 0 : 1));
  const graded = each((row) => 3 + (row % 3));

  test("0 and 1 of a share are judged as a rate, and paired with the champion's", () => {
    const both = observed({ candidate: better, champion: worse });
    expect(told("judge.helpfulness >= 0.9 @95%", both)).toEqual(["pass", null, "clopper-pearson"]);
    expect(told("judge.helpfulness > champion @95%", both)).toEqual(["pass", null, "tango"]);
    expect(judged("judge.helpfulness > champion @95%", both).tests.map(({ name }) => name)).toContain("McNemar mid-p");
    const other = observed({ candidate: worse, champion: better });
    expect(told("judge.helpfulness >= champion - 1pp @95%", other)).toEqual(["fail", null, "tango"]);
  });

  test("a perfect rate is not taken for certain", () => {
    expect(told("judge.helpfulness >= 0.99 @95%", observed({ candidate: each(() => 1) }))[0]).toBe("inconclusive");
  });

  test("other numbers are judged by their mean", () => {
    const of = observed({ ...grade, candidate: graded, champion: each((row) => 3 + (row % 2)) });
    expect(told("judge.helpfulness >= 3.5 @95%", of)).toEqual(["pass", null, "t"]);
    expect(told("judge.helpfulness >= champion - 0.1 @95%", of)).toEqual(["pass", null, "t"]);
    expect(told("judge.helpfulness >= 4.5 @95%", of)).toEqual(["fail", null, "t"]);
  });

  test("slices and groups are those of the rows", () => {
    const halves = observed({ candidate: each((row) => (row < 100 && row % 2 === 0 ? 0 : 1)) });
    expect(
      judged("judge.helpfulness >= 0.6 by half", halves).slices?.judged.map(({ name, status }) => [name, status]),
    ).toEqual([
      ["first", "fail"],
      ["second", "pass"],
    ]);
    const groups = Array.from({ length: rows }, (_, row) => `user ${row % 40}`);
    expect(judged("judge.helpfulness >= 0.6 @95%", { ...halves, groups })).toMatchObject({ n: 40, rows: 200 });
  });

  test("a row that one of the two has no score for counts for neither", () => {
    const some = observed({
      candidate: each((row) => (row < 5 ? null : row % 2)),
      champion: each((row) => (row > 195 ? null : row % 2)),
    });
    expect(judged("judge.helpfulness >= champion - 50pp @95%", some)).toMatchObject({ n: 191, status: "pass" });
    expect(judged("judge.helpfulness >= 0.1 by half", some).slices?.judged.map(({ n }) => n)).toEqual([95, 100]);
  });

  test("a champion with one number only has no pairs", () => {
    expect(
      told("judge.helpfulness >= champion - 1pp @95%", observed({ candidate: better, champion: number(0.9) }))[1],
    ).toBe("no_row_scores");
  });

  test("when rows were left out, scores are matched with no slice", () => {
    const fewer = { ...rightOrNot(wrongFirst(190, 4), null), outside: observed({ candidate: better }).outside! };
    expect(told("judge.helpfulness >= 0.9 @95%", fewer)[0]).toBe("pass");
    expect(
      told("judge.helpfulness >= 0.9 by half", {
        ...fewer,
        slices: { half: Array.from({ length: 190 }, () => "x") },
      })[1],
    ).toBe("rows_left_out");
  });
});

describe("a number with its standard error", () => {
  /** As a tool states a share of right answers. */
  const rate = (value: number, n: number): Reported => ({
    value,
    scores: null,
    n,
    error: Math.sqrt((value * (1 - value)) / (n - 1)),
  });
  const mean = (value: number, error: number, n = 100): Reported => ({ value, scores: null, error, n });
  const of = (candidate: Reported, champion: Reported | null = null) => observed({ candidate, champion });
  test.each<[string, Observations, string, string | null, string | null]>([
    ["judge.helpfulness >= 0.8 @95%", of(rate(0.9, 200)), "pass", null, "clopper-pearson"],
    ["judge.helpfulness >= 0.88 @95%", of(rate(0.9, 200)), "inconclusive", null, "clopper-pearson"],
    ["judge.helpfulness >= 0.99 @95%", of(rate(1, 100)), "inconclusive", null, "clopper-pearson"],
    ["judge.helpfulness >= 0.8 @95%", of(rate(0.9, 29)), "inconclusive", "min_n", "clopper-pearson"],
    ["judge.helpfulness >= 0.8 [min 40]", of(rate(0.9, 39)), "inconclusive", "min_n", "point"],
    ["judge.helpfulness >= 0.8", of(rate(0.9, 3)), "pass", null, "point"],
    ["judge.helpfulness >= champion - 5pp @95%", of(rate(0.9, 2000), rate(0.9, 1800)), "pass", null, "newcombe"],
    ["judge.helpfulness >= champion - 1pp @95%", of(rate(0.9, 200), rate(0.9, 200)), "inconclusive", null, "newcombe"],
    ["judge.helpfulness >= champion - 1pp @95%", of(rate(0.7, 900), rate(0.9, 900)), "fail", null, "newcombe"],
    ["judge.helpfulness >= 0.6 @95%", of(mean(0.7, 0.03)), "pass", null, "t-stated"],
    ["judge.helpfulness >= champion * 0.9 @95%", of(mean(0.7, 0.01), mean(0.7, 0.01)), "pass", null, "t-stated"],
    ["judge.helpfulness >= champion @95%", of(mean(0.7, 0.01), mean(0.8, 0.01)), "fail", null, "t-stated"],
    ["judge.helpfulness >= 0.6 @95%", of(mean(0.7, 0)), "inconclusive", "degenerate", "t-stated"],
    ["judge.helpfulness >= champion - 5pp @95%", of(mean(0.7, 0.01), number(0.7)), "error", "no_row_scores", null],
    ["judge.helpfulness >= 0.6 @95% by half", of(mean(0.7, 0.01)), "error", "no_row_scores", null],
    ["judge.helpfulness >= 0.6 @95%", of({ value: 0.7, scores: null, error: 0.01 }), "error", "no_row_scores", null],
  ])("%s is %j", (text, observations, ...found) => {
    expect(told(text, observations)).toEqual(found);
  });

  test("bounds are those of the outcomes themselves", () => {
    const outcomes = observed({ candidate: each((row) => (row < 20 ? 0 : 1)) });
    const { lower, upper, n } = judged("judge.helpfulness >= 0.8 @95%", outcomes);
    expect(judged("judge.helpfulness >= 0.8 @95%", of(rate(0.9, 200)))).toMatchObject({
      n,
      lower: expect.closeTo(lower!, 12) as number,
      upper: expect.closeTo(upper!, 12) as number,
    });
  });
});

describe("what is never a pass", () => {
  const missing: Reported = { missing: "python judge.py ended with exit code 2" };
  test.each<[string, Observations, string]>([
    ["a script that failed", observed({ candidate: missing }), "not_reported"],
    ["a script that failed on the champion", observed({ champion: missing }), "not_reported"],
    ["a champion that was not measured", observed({ champion: null }), "champion_unavailable"],
    ["rows without an answer", observed({ champion: number(0.1) }, { failedRows: 1 }), "failed_rows"],
    ["an evaluation without it", observed({}, { outside: {} }), "not_measured"],
    ["an evaluation from before there was any", observed({}, { outside: undefined as never }), "not_measured"],
  ])("%s", (_title, observations, reason) => {
    expect(told("judge.helpfulness >= champion - 100%", observations)).toEqual(["error", reason, null]);
  });

  test("scores of two judges, or of one and of nobody, are not compared", () => {
    const by = (version: string) => ({ id: "gpt-x", version, promptSha256: "a1".repeat(32) });
    const both = (own: Judge | null, other: Judge | null) =>
      observed({
        candidate: { ...each(() => 1), ...(own && { judge: own }) },
        champion: { ...each(() => 0), ...(other && { judge: other }) },
      });
    const check = "judge.helpfulness >= champion @95%";
    expect(told(check, both(by("1"), by("1")))[0]).toBe("pass");
    expect(told(check, both(by("2"), by("1"))).slice(0, 2)).toEqual(["error", "judge_differs"]);
    expect(told(check, both(by("1"), null)).slice(0, 2)).toEqual(["error", "judge_differs"]);
    expect(judged(check, both(by("2"), null)).sentence).toBe(
      "judge.helpfulness of the candidate is by gpt-x 2 (prompt a1a1a1a1), and of the champion by no judge.",
    );
    expect(told("judge.helpfulness >= 0.9 @95%", both(by("2"), null))[0]).toBe("pass");
  });

  test("a try that says nothing is inconclusive", () => {
    const lagged = observed({ candidate: { ...missing, inconclusive: true } });
    expect(told("judge.helpfulness >= 0.5", lagged)).toEqual(["inconclusive", "not_reported", null]);
  });

  test("the sentence says what the script did", () => {
    expect(judged("judge.helpfulness >= 0.5", observed({ candidate: missing })).sentence).toBe(
      "judge.helpfulness was not measured: python judge.py ended with exit code 2.",
    );
  });

  test("a first release has no champion to be compared with", () => {
    expect(told("judge.helpfulness >= champion", observed({}, { champion: null, championState: "none" }))).toEqual([
      "skipped",
      "no_champion",
      null,
    ]);
  });

  test("a time is asked for as one", () => {
    const slow = observed({ ...wait, candidate: number(900) });
    expect(told("judge.helpfulness <= 1s", slow)[0]).toBe("pass");
    expect(told("judge.helpfulness <= 1000", slow)[1]).toBe("declared_otherwise");
  });
});

describe("gates are tried on it, too", () => {
  const holes = (text: string) =>
    selfTest([checkOf(text)], observed({ champion: number(1) }), context).map(({ check }) => check);
  test("a gate that can fail is none", () => {
    expect(holes("judge.helpfulness >= 0.5")).toEqual([]);
    expect(holes("judge.helpfulness >= champion - 1pp")).toEqual([]);
  });
  test("a gate that nothing is bad enough for is one", () => {
    expect(holes("judge.helpfulness >= champion - 100pp")).toContain("judge.helpfulness >= champion - 100pp");
  });
  test("an endless range has an end for this", () => {
    const { candidate, champion } = outsideAt({ "a.b": wait }, 3)["a.b"]!;
    expect([candidate, champion]).toEqual([
      { value: 1e12, scores: [1e12, 1e12, 1e12] },
      { value: 0, scores: [0, 0, 0] },
    ]);
  });
});

describe("what running it takes", () => {
  const operation = { direction: "lower", range: [0, null], about: "operation" } as const;
  const size = { ...operation, unit: "bytes" } as const;
  const start = { ...operation, unit: "ms" } as const;
  const measured = (more: Partial<Observations> = {}): Observations =>
    observed(
      {},
      {
        outside: {
          "image.size": { ...size, candidate: number(480e6), champion: number(400e6) },
          "memory.max": { ...size, candidate: number(1.5 * 2 ** 30), champion: null },
          cold_start: { ...start, candidate: number(2500), champion: null },
        },
        ...more,
      },
    );
  test.each<[string, string, string | null]>([
    ["image.size <= 500 MB", "pass", null],
    ["image.size <= 450MiB", "fail", null],
    ["image.size <= champion + 25%", "pass", null],
    ["image.size <= champion + 10%", "fail", null],
    ["memory.max <= 1.5 GiB", "pass", null],
    ["memory.max < 1.5GiB", "fail", null],
    ["memory.max <= 2", "error", "declared_otherwise"],
    ["cold_start <= 2.5 s", "pass", null],
    ["cold_start <= 2 GB", "error", "declared_otherwise"],
    ["memory.max <= champion", "error", "champion_unavailable"],
    ["cost_per_1k <= 1", "error", "not_measured"],
    ["image.size <= 500 MB @95%", "error", "no_row_scores"],
  ])("%s", (text, status, reason) => {
    const found = judged(text, measured());
    expect([found.status, found.reason]).toEqual([status, reason]);
  });

  test("its sentence is in the unit that people say", () => {
    expect(judged("image.size <= 500 MB", measured()).sentence).toBe("image.size 480 MB; asked: at most 500 MB.");
    expect(judged("memory.max <= 2 GB", measured()).sentence).toBe("memory.max 1610 MB; asked: at most 2000 MB.");
  });

  test("rows that got no answer do not change it", () => {
    expect(told("image.size <= 500 MB", measured({ failedRows: 3 }))[0]).toBe("pass");
  });

  const holesOf = (observations: Observations, ...texts: string[]) =>
    selfTest(texts.map(checkOf), observations, context).map(({ check, sentence }) => check ?? sentence);
  test("a limit on it stops no bad answers", () => {
    expect(holesOf(measured(), "image.size <= 500 MB")).toEqual([expect.stringMatching(/^the gates let answers/)]);
    expect(holesOf(measured(), "image.size <= 500 MB", "accuracy >= 0.9")).toEqual([]);
  });
  test("a limit that nothing misses is a hole, with a load run and without one", () => {
    const endless = "cold_start <= 1000000000000 s";
    expect(holesOf(measured(), endless, "accuracy >= 0.9")).toEqual([endless]);
    const load = {
      profile: "server",
      ratePerSecond: 1,
      events: [{ intended: 0, sent: 0, done: 1, ok: true }],
      inconclusive: null,
    };
    expect(holesOf(measured({ load }), endless, "cold_start <= 3s", "accuracy >= 0.9")).toEqual([endless]);
  });
});

describe("before anything is built", () => {
  const setting = {
    task: "binary" as const,
    classes: ["a", "b"],
    sliceColumns: ["half"],
    load: null,
    hasBaseline: true,
    rows: 10,
    outside: { "judge.helpfulness": share, "judge.wait": wait, ...operations },
  };
  test.each<[string, RegExp | null]>([
    ["judge.helpfulness >= 0.8 @95% by half", null],
    ["judge.wait <= 2s", null],
    ["judge.helpfullness >= 0.8", /did you mean "judge\.helpfulness".*evaluate\.commands/],
    ["judge.helpfulness <= 0.8", />= or >/],
    ["judge.helpfulness >= 80", /80% if per cent/],
    ["judge.helpfulness >= 0", /can be missed/],
    ["judge.helpfulness(k=1) >= 0.8", /judge\.helpfulness alone/],
    ["judge.wait <= 2", /2ms or 0\.002s/],
    ["image.size <= 500 MB", null],
    ["image.size <= champion + 10%", null],
    ["memory.max <= 2GiB", null],
    ["memory.max <= champion", /compare with a number/],
    ["memory.max <= 2", /2MB or 2GB/],
    ["memory.max <= 2s", /leave the unit away/],
    ["judge.helpfulness >= 0.5MB", /leave the unit away/],
    ["cold_start <= 20s by half", /leave by away/],
    ["cold_start <= 20s @95%", /leave @ away/],
    ["memory.peak <= 2GB", /allowed: .*memory\.max/],
    ["judge.helpfulness.max >= 0.8", /did you mean "judge\.helpfulness"/],
    ["latency.avg <= 5ms", /allowed: accuracy/],
    ["judge.helpfulness >= champion - 1pp", null],
    ["judge.helpfulness >= baseline - 1pp", /compare with champion or with a number/],
    ["judge.helpfulness against baseline >= 0.8", /leave against away/],
  ])("%s", (text, hint) => {
    const found = checkProblems(checkOf(text), setting);
    expect(found.map((problem) => problem.hint)).toEqual(hint === null ? [] : [expect.stringMatching(hint)]);
  });
});

test("evidence keeps what was measured, and is refused when it is damaged", () => {
  const digest = sha256("x");
  const seen = { image: { repository: "r.example/m", digest }, modelDigest: digest };
  const observations = observed({
    candidate: each((row) => (row === 3 ? null : 0.5)),
    champion: { missing: "gone", inconclusive: true },
    source: "lm-eval a",
  });
  const judge = { id: "gpt-x", version: "1", promptSha256: "a1".repeat(32) };
  const stated = { value: 0.5, scores: null, error: 0.1, n: 25, judge };
  observations.outside = { ...observations.outside, "harness.arc": { ...share, candidate: stated, champion: null } };
  const body = evaluationToJson({
    schema: 2,
    subject: { before: seen, after: seen },
    champion: { image: null, source: "none" },
    data: { digest, rows },
    predictions: digest,
    leftOut: 0,
    flips: { count: 0, rows: [] },
    observations,
  });
  const read = (text: string) => evaluationFromJson(JSON.parse(text) as Json).observations.outside;
  const text = canonicalJson(body);
  expect(read(text)).toEqual(observations.outside);
  for (const [what, by] of [
    ['"unit":"ratio"', '"unit":"pounds"'],
    ['"direction":"higher"', '"direction":"up"'],
    ['"value":0.5', '"value":"0.5"'],
  ] as const) {
    expect(text).toContain(what);
    expect(() => read(text.replace(what, by))).toThrow(/(judge|harness)\.|from outside/);
  }
});

test.each(["judge.helpfulness >= baseline", "judge.helpfulness against champion >= 0.1"])(
  "%s is an error: nothing else is measured by a script",
  (text) => {
    const baseline = { task: "binary" as const, labels: new Uint8Array(rows), scores: null };
    const beside = { champion: baseline, baseline, championState: "present" as const };
    const found = judged(text, { ...observed({ candidate: each(() => 1) }), ...beside });
    expect(found).toMatchObject({ status: "error", reason: "reference_unavailable" });
  },
);
