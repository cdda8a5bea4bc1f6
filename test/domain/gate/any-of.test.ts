import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { anyOfCheck, type Check, checkOf, decide, judge } from "../../../src/domain/gate/decide.ts";
import { reasons } from "../../../src/domain/gate/result.ts";
import { selfTest } from "../../../src/domain/gate/self-test.ts";
import type { Observations } from "../../../src/domain/observations/observations.ts";
import { policyDigest } from "../../../src/domain/policy.ts";
import { holm } from "../../../src/domain/statistics/multiplicity.ts";
import { xoshiro } from "../../../src/domain/statistics/prng.ts";
import { binomialSurvival } from "../../../src/domain/statistics/special.ts";
import { context, load, rightOrNot, wrongFirst } from "./observed.ts";

const anyOf = (...texts: string[]) => anyOfCheck(texts.map((text) => checkOf(text)));
const decided = (texts: string[], observed: Observations, changed = {}) =>
  decide(anyOf(...texts), observed, { ...context, ...changed });
/** 400 rows with 92.5 % right. */
const some = rightOrNot(wrongFirst(400, 30), wrongFirst(400, 33));
const statuses = (texts: string[], observed = some) => decided(texts, observed).members?.map(({ status }) => status);

describe("one member is enough", () => {
  test("points count as they are, and nothing is corrected for them", () => {
    expect(decided(["accuracy >= 0.95", "accuracy >= 0.92"], some)).toMatchObject({
      status: "pass",
      reason: null,
      text: "any_of: [accuracy >= 0.95, accuracy >= 0.92]",
      members: [{ status: "fail" }, { status: "pass", confidence: null }],
      sentence: "1 of 2 is shown. accuracy >= 0.92: n = 400: accuracy 92.5 %; asked: at least 92.0 %.",
    });
    expect(decided(["accuracy >= 0.95", "accuracy >= 0.895 @95%"], some).members![1]!.confidence).toBe(0.95);
  });

  test.each<[string, string[], Observations, string, string | null]>([
    ["all fail", ["accuracy >= 0.97 @95%", "accuracy >= 0.95"], some, "fail", null],
    ["one open, one failed", ["accuracy >= 0.93 @95%", "accuracy >= 0.95"], some, "inconclusive", "no_member_shown"],
    ["an error beside a failure", ["error_rate <= 1%", "accuracy >= 0.95"], some, "error", "no_load"],
    ["an error beside a pass", ["error_rate <= 1%", "accuracy >= 0.9"], some, "pass", null],
    ["rows without an answer", ["accuracy >= 0.1", "f1 >= 0.1"], { ...some, failedRows: 1 }, "error", "failed_rows"],
  ])("%s", (_, texts, observed, status, reason) => {
    const found = decided(texts, observed);
    expect(found).toMatchObject({ status, reason, value: null, unit: "", n: null });
    expect(found.sentence).not.toMatch(/NaN|undefined|null|Infinity/);
    expect(reason === null || reason in reasons).toBe(true);
  });

  test("without a champion what compares with it is left out", () => {
    const first = rightOrNot(wrongFirst(400, 30), null);
    expect(decided(["accuracy >= champion @95%", "f1 >= champion"], first)).toMatchObject({
      status: "skipped",
      reason: "no_champion",
    });
    expect(decided(["accuracy >= champion @95%", "accuracy >= 0.95"], first).status).toBe("fail");
    // What is skipped is no chance to pass: nothing is corrected for it.
    const [, alone] = decided(["accuracy >= champion @95%", "accuracy >= 0.9 @95%"], first).members!;
    expect(alone!.confidence).toBe(0.95);
    expect(decided(["accuracy >= champion", "f1 >= champion"], first, { firstPromotion: "block" }).status).toBe(
      "error",
    );
  });
});

describe("the passing side is corrected", () => {
  // 95 % of 92.5 % of 400 rows: the bound is 89.96 %; 97.5 %: 89.47 %.
  test("what holds alone need not hold among others", () => {
    expect(decide(checkOf("accuracy >= 0.898 @95%"), some, context).status).toBe("pass");
    expect(decided(["accuracy >= 0.898 @95%", "recall(class=yes) >= 0.99 @95%"], some)).toMatchObject({
      status: "inconclusive",
      members: [
        { status: "inconclusive", confidence: 0.975 },
        { status: "fail", confidence: 0.95 },
      ],
      sentence: expect.stringContaining("97.5 % lower bound 89.5 %. If the truth is as seen, about"),
    });
  });

  test("one that holds makes it easier for the rest", () => {
    expect(statuses(["accuracy >= 0.898 @95%", "accuracy >= 0.5 @95%"])).toEqual(["pass", "pass"]);
    expect(statuses(["accuracy >= 0.898 @95%", "accuracy >= 0.5 @95%", "accuracy >= 0.93 @95%"])).toEqual([
      "inconclusive",
      "pass",
      "inconclusive",
    ]);
  });

  test("resampled bounds, load runs and slices are held to the corrected confidence, too", () => {
    const observed = {
      ...some,
      load: load(Array.from({ length: 300 }, () => 20)),
      slices: { half: Array.from({ length: 400 }, (_, row) => (row < 200 ? "first" : "second")) },
    };
    const quick = "latency.p99 <= 50ms @95%";
    expect(decide(checkOf(quick), observed, context).status).toBe("pass");
    const found = decided([quick, "f1 >= 0.895 @95%", "accuracy >= 0.81 @90% by half"], observed);
    expect(found.members!.map(({ confidence }) => Number(confidence!.toFixed(4)))).toEqual([0.9833, 0.9833, 0.9667]);
    expect(found.members!.map(({ status }) => status)).toEqual(["inconclusive", "inconclusive", "inconclusive"]);
    for (const text of ["f1 >= 0.895 @95%", "accuracy >= 0.81 @90% by half"])
      expect(decide(checkOf(text), observed, context).status).toBe("pass");
  });

  test("members pass exactly when Holm's adjusted p value is at most alpha", () => {
    const bounds = fc.array(fc.integer({ min: 850, max: 960 }), { minLength: 2, maxLength: 6 });
    fc.assert(
      fc.property(bounds, fc.integer({ min: 10, max: 60 }), (list, wrong) => {
        const observed = rightOrNot(wrongFirst(400, wrong), null);
        const adjusted = holm(list.map((bound) => binomialSurvival(400 - wrong - 1, 400, bound / 1000)));
        const found = statuses(
          list.map((bound) => `accuracy >= ${bound / 1000} @95%`),
          observed,
        );
        expect(found!.map((status) => status === "pass")).toEqual(adjusted.map((p) => p <= 0.05));
      }),
      { numRuns: 60 },
    );
  });

  test("a model that lies exactly on the bound of each of ten members seldom passes one", () => {
    const { f64 } = xoshiro("ten classes");
    const classes = Array.from({ length: 10 }, (_, index) => `c${index}`);
    const texts = classes.map((name) => `recall(class=${name}) >= 0.8 @90%`);
    const truth = Float64Array.from({ length: 600 }, (_, row) => row % 10);
    const passed = { alone: 0, anyOf: 0 };
    const runs = 200;
    for (let run = 0; run < runs; run++) {
      const labels = Int32Array.from(truth, (label) => (f64() < 0.8 ? label : (label + 1) % 10));
      const candidate = { task: "multiclass", labels, probabilities: null } as const;
      const observed: Observations = { ...some, task: "multiclass", classes, truth, candidate };
      const alone = texts.map((text) => decide(checkOf(text), observed, context).status);
      if (alone.includes("pass")) passed.alone++;
      if (decided(texts, observed).status === "pass") passed.anyOf++;
    }
    expect(passed.alone / runs).toBeGreaterThan(0.3);
    expect(passed.anyOf / runs).toBeLessThan(0.1);
  });
});

describe("in a policy", () => {
  test("it is one entry of the verdict, with its own severity", () => {
    const check = anyOf("accuracy >= 0.95", "accuracy >= 0.96");
    expect(judge([checkOf("accuracy >= 0.9"), check], some, context).verdict).toBe("fail");
    const advisory: Check = { ...check, severity: "advisory" };
    expect(judge([checkOf("accuracy >= 0.9"), advisory], some, context).verdict).toBe("pass");
  });

  test("a latency among its members limits failures; a limit among them is no limit", () => {
    const observed = { ...some, load: load(Array.from({ length: 200 }, (_, i) => (i % 20 === 0 ? null : 5))) };
    const policy = [anyOf("latency.p99 <= 50ms", "error_rate <= 50%")];
    expect(judge(policy, observed, context).checks.map(({ text }) => text)).toContain("error_rate <= 1%");
    expect(judge(policy, observed, context).verdict).toBe("fail");
  });

  test("its members are in the digest of the policy", () => {
    const digest = (...checks: Check[]) =>
      policyDigest({ checks, firstPromotion: "allow", failedRows: { policy: "error", maxShare: null } });
    const one = digest(anyOf("accuracy >= 0.95", "f1 >= 0.9"));
    expect(digest(anyOf("accuracy >= 0.95", "f1 >= 0.9"))).toBe(one);
    expect(digest(anyOf("accuracy >= 0.95", "f1 >= 0.8"))).not.toBe(one);
    expect(digest(anyOf("f1 >= 0.9", "accuracy >= 0.95"))).not.toBe(one);
  });

  test("one that always passes is found by the self-test, whichever member lets through", () => {
    const observed = { ...some, load: load(Array.from({ length: 200 }, () => 5)) };
    const holes = (...checks: Check[]) => selfTest(checks, observed, context).map(({ check }) => check);
    expect(holes(anyOf("accuracy >= 0.9", "f1 >= 0.9"))).toEqual([]);
    expect(holes(anyOf("accuracy >= 0.9", "accuracy >= champion - 100pp"))).toEqual([
      "any_of: [accuracy >= 0.9, accuracy >= champion - 100pp]",
      null,
    ]);
    // Slow enough for no bound, whatever the answers: the gate never fails.
    expect(holes(anyOf("accuracy >= 0.9", "latency.p99 <= 60s"), checkOf("accuracy >= 0.9"))).toEqual([
      "any_of: [accuracy >= 0.9, latency.p99 <= 60s]",
    ]);
    expect(holes(anyOf("accuracy >= 0.9", "latency.p99 <= 1s"), checkOf("accuracy >= 0.9"))).toEqual([]);
  });
});
