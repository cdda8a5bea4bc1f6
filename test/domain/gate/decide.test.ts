import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { checkOf, decide, judge } from "../../../src/domain/gate/decide.ts";
import { reasons } from "../../../src/domain/gate/result.ts";
import { metrics } from "../../../src/domain/metrics/index.ts";
import type { Observations } from "../../../src/domain/observations/observations.ts";
import { context, load, rightOrNot, wrongFirst } from "./observed.ts";

const decided = (text: string, observed: Observations, changed = {}) =>
  decide(checkOf(text), observed, { ...context, ...changed });
const some = rightOrNot(wrongFirst(400, 30), wrongFirst(400, 33));

describe("what cannot be compared is never a pass", () => {
  test.each<[string, string, Observations, string, string]>([
    ["rows without an answer", "accuracy >= 0.5", { ...some, failedRows: 1 }, "error", "failed_rows"],
    ["an unknown metric", "acuracy >= 0.5", some, "error", "unknown_metric"],
    ["a metric of another task", "mae <= 10", some, "inconclusive", "wrong_task"],
    [
      "a champion that did not answer",
      "accuracy >= champion",
      { ...some, champion: null, championState: "unavailable" },
      "error",
      "champion_unavailable",
    ],
    [
      "a champion that is missing without a word",
      "accuracy >= champion",
      { ...some, champion: null },
      "error",
      "champion_unavailable",
    ],
    ["a reference that is not observed", "accuracy >= previous", some, "error", "reference_unavailable"],
    ["an unknown slice column", "accuracy >= 0.5 by country", some, "error", "unknown_slice"],
    ["no load run", "error_rate <= 1%", some, "error", "no_load"],
    [
      "a champion with fewer rows",
      "accuracy >= champion @95%",
      { ...some, champion: { task: "binary", labels: new Uint8Array(3), scores: null } },
      "inconclusive",
      "rows_differ",
    ],
    ["scores that are not served", "roc_auc >= 0.5", some, "inconclusive", "no_scores"],
    ["no rows", "accuracy >= 0.5", rightOrNot([], null), "inconclusive", "no_rows"],
    ["no rows of the class", "recall >= 0.5", rightOrNot([true], null), "inconclusive", "min_n"],
  ])("%s", (_, text, observed, status, reason) => {
    expect(decided(text, observed)).toMatchObject({
      status,
      reason,
      sentence: expect.stringContaining(reasons[reason]!),
    });
  });

  test("too many slices", () => {
    const slices = { user: Array.from({ length: 400 }, (_, row) => String(row % 51)) };
    expect(decided("accuracy >= 0.5 by user", { ...some, slices })).toMatchObject({
      status: "error",
      reason: "too_many_slices",
    });
  });

  test("latency of a closed loop, unless the run was made to allow it", () => {
    const closed = { ...load([5, 5, 5]), profile: "stream", ratePerSecond: null };
    expect(decided("latency.p99 <= 50ms", { ...some, load: closed })).toMatchObject({
      status: "error",
      reason: "closed_loop",
    });
    expect(decided("latency.p99 <= 50ms", { ...some, load: { ...closed, allowClosed: true } }).status).toBe("pass");
    expect(decided("error_rate <= 1%", { ...some, load: closed }).status).toBe("pass");
  });

  test.each([
    [80, null, { status: "fail", value: 80 }],
    [120, null, { status: "pass", value: 120 }],
    [null, "search_generator", { status: "inconclusive", reason: "search_generator" }],
    [null, "not_confirmed", { status: "inconclusive", reason: "not_confirmed" }],
  ])("a greatest rate of %j (%j)", (maxRate, reason, expected) => {
    const search = { slo: [], from: 10, to: 500, precision: 0.1, trials: [], maxRate, reason };
    const run = load([5, 5], "the generator of the run itself does not matter");
    expect(decided("max_rate >= 100/s", { ...some, load: { ...run, search } })).toMatchObject(expected);
    expect(decided("max_rate >= 100/s @95%", { ...some, load: { ...run, search } }).status).not.toBe("pass");
    expect(decided("max_rate >= 100/s", { ...some, load: run })).toMatchObject({ reason: "no_search" });
  });

  test("a load run whose generator fell behind, however slow or fast the answers were", () => {
    for (const ms of [1, 10_000])
      for (const text of ["latency.p99 <= 50ms", "latency.p99 <= 50ms @95%", "throughput >= 1rps", "error_rate <= 1%"])
        expect(
          decided(text, {
            ...some,
            load: load(
              Array.from({ length: 500 }, () => ms),
              "lag p99 93 ms",
            ),
          }),
        ).toMatchObject({ status: "inconclusive", reason: "generator" });
  });
});

test("without a champion a comparison is skipped, or an error when the first promotion is blocked", () => {
  const first = rightOrNot(wrongFirst(100, 5), null);
  expect(decided("accuracy >= champion", first)).toMatchObject({ status: "skipped", reason: "no_champion" });
  expect(decided("accuracy >= champion", first, { firstPromotion: "block" })).toMatchObject({
    status: "error",
    reason: "no_champion",
  });
});

/** 2,000 requests, some of them slow. */
const slowWhere = (isSlow: (i: number) => boolean) => ({
  ...some,
  load: load(Array.from({ length: 2000 }, (_, i) => (isSlow(i) ? 400 : 20))),
});

describe("latency with confidence is one binomial test", () => {
  test.each([
    [458, 0, "inconclusive"],
    [459, 0, "pass"],
    [661, 1, "inconclusive"],
    [662, 1, "pass"],
  ])("%i requests, %i over: %s", (requests, over, status) => {
    const slow = Array.from({ length: requests }, (_, i) => (i < over ? 400 : 20));
    expect(decided("latency.p99 <= 250ms @99%", { ...some, load: load(slow) })).toMatchObject({
      status,
      method: "binomial",
      n: requests,
    });
  });

  test("a failed request is over any bound", () => {
    const failing = load(Array.from({ length: 1000 }, (_, i) => (i % 20 === 0 ? null : 20)));
    expect(decided("latency.p99 <= 10s @95%", { ...some, load: failing })).toMatchObject({
      status: "fail",
      value: 20,
      lower: null,
    });
  });

  test("a burst counts for less than the same requests scattered", () => {
    expect(
      decided(
        "latency.p99 <= 250ms @95%",
        slowWhere((i) => i % 200 === 0),
      ).status,
    ).toBe("pass");
    expect(
      decided(
        "latency.p99 <= 250ms @95%",
        slowWhere((i) => i < 10),
      ).status,
    ).toBe("inconclusive");
  });
});

describe("slices", () => {
  const country = Array.from({ length: 1200 }, (_, row) => ["de", "fr", "us"][row % 3]!);
  const weak = (wrongIn: string, share: number) => ({
    ...rightOrNot(
      country.map((name, row) => (name === wrongIn ? row % 100 >= share : row % 50 !== 0)),
      null,
    ),
    slices: { country, device: country.map((_, row) => (row < 40 ? "tablet" : "phone")) },
  });

  test("a weak slice is named though the whole is good", () => {
    const found = decided("accuracy >= 0.9 @95% by country", weak("us", 25));
    expect(found).toMatchObject({
      status: "fail",
      sentence: expect.stringMatching(/^1 of 3 slices fail\. us: n = 400: accuracy 75\.\d %/),
    });
    expect(found.slices?.judged.filter(({ failed }) => failed).map(({ name }) => name)).toEqual(["us"]);
  });

  test("several columns make a slice each combination, and small ones are listed", () => {
    const found = decided("accuracy >= 0.5 @95% by country, device [min 100]", weak("us", 5));
    expect(found.status).toBe("pass");
    expect(found.slices?.judged.map(({ name }) => name)).toEqual(["de / phone", "fr / phone", "us / phone"]);
    expect(found.sentence).toBe(
      "All 3 slices pass. Too small to be judged: de / tablet (14), fr / tablet (13), us / tablet (13).",
    );
  });

  test("small slices are shown together, and more than twenty with the rate of false findings", () => {
    const few = decided("accuracy >= 0.5 @95% by country, device [min 100]", weak("us", 5)).slices!;
    expect(few.pooled).toMatchObject({ n: 40, ref: null });
    expect(few.pooled!.value).toBeGreaterThan(0.8);
    expect(few.judged.map(({ discovered }) => discovered)).toEqual([null, null, null]);
    expect(decided("accuracy >= 0.5 by country [min 399]", weak("us", 5)).slices!.pooled).toBeNull();

    const many = Array.from({ length: 2500 }, (_, row) => `s${row % 25}`);
    const right = many.map((name, row) => (name === "s7" || name === "s8" ? row % 4 !== 0 : row % 25 !== 100));
    const found = decided("accuracy >= 0.9 @95% by many", { ...rightOrNot(right, null), slices: { many } });
    const { judged } = found.slices!;
    expect(judged.every(({ adjusted, discovered }) => discovered! <= adjusted!)).toBe(true);
    expect(judged.filter(({ discovered }) => discovered! <= 0.05).map(({ name }) => name)).toEqual(["s7", "s8"]);
  });

  test("nothing is shown when every slice is small", () => {
    expect(decided("accuracy >= 0.5 by country [min 500]", weak("us", 5))).toMatchObject({
      status: "inconclusive",
      reason: "no_slice_judged",
    });
  });

  test("a failure by chance among many slices is not sure", () => {
    const many = Array.from({ length: 1600 }, (_, row) => `s${row % 20}`.padStart(3, "0"));
    const observed = {
      ...rightOrNot(
        many.map((name, row) => (name === "0s0" ? row % 1600 >= 320 : true)),
        null,
      ),
      slices: { many },
    };
    const alone = { ...rightOrNot(wrongFirst(80, 16), null), slices: {} };
    expect(decided("accuracy >= 0.88 @95%", alone).status).toBe("fail");
    const found = decided("accuracy >= 0.88 @95% by many", observed);
    expect(found).toMatchObject({
      status: "inconclusive",
      reason: "slices_not_shown",
      sentence: expect.stringContaining("not sure after correction"),
    });
  });

  test("resampled bounds are widened for the number of slices", () => {
    const blocks = Array.from({ length: 1600 }, (_, row) => `s${Math.floor(row / 80)}`);
    const right = blocks.map((name, row) => name !== "s0" || row % 5 !== 0);
    const observed = { ...rightOrNot(right, null), slices: { blocks } };
    const first = (text: string) => decided(text, observed).slices?.judged[0];
    expect(first("f1 >= 0.88 @95% by blocks")).toMatchObject({ name: "s0", status: "fail", failed: false });
    expect(first("f1 >= 0.95 @95% by blocks")).toMatchObject({ name: "s0", status: "fail", failed: true });
  });
});

test("every rerun on the same digests is the same, and other data draw other resamples", () => {
  const text = "f1 >= champion - 5pp @95%";
  const again = () => JSON.stringify(decided(text, some));
  expect(again()).toBe(again());
  const seeds = { ...context.seeds, data: context.seeds.candidate };
  expect(decided(text, some, { seeds }).seed).not.toBe(decided(text, some).seed);
  expect(decided(text, some).seed).toBe(
    `modelgate/1|${context.seeds.candidate}|${context.seeds.champion}|${context.seeds.data}|${text}`,
  );
});

describe("a latency check counts only successful requests, so failures are limited too", () => {
  const observed = { ...some, load: load(Array.from({ length: 200 }, (_, i) => (i % 20 === 0 ? null : 5))) };
  const texts = (...list: string[]) => judge(list.map(checkOf), observed, context).checks.map(({ text }) => text);

  test("error_rate <= 1% is added and required", () => {
    expect(texts("latency.p99 <= 50ms")).toEqual(["latency.p99 <= 50ms", "error_rate <= 1%"]);
    expect(judge([checkOf("latency.p99 <= 50ms")], observed, context).verdict).toBe("fail");
  });

  test("it is not added beside another limit, nor for an advisory latency check", () => {
    expect(texts("latency.p99 <= 50ms", "error_rate <= 10%")).toHaveLength(2);
    const advisory = { ...checkOf("latency.p99 <= 50ms"), severity: "advisory" as const };
    expect(judge([advisory], observed, context)).toMatchObject({ verdict: "error", checks: [{ status: "pass" }] });
  });
});

describe("properties", () => {
  const lines = [
    "accuracy >= 0.9",
    "accuracy >= 0.8 @95%",
    "accuracy >= champion - 1pp @90%",
    "f1 >= champion @95%",
    "recall >= 0.85 [min 20]",
    "mcc >= 0.5 @95%",
    "precision >= champion - 5pp @95%",
    "roc_auc >= 0.7",
    "error_rate <= 1%",
    "latency.p95 <= 20ms @90%",
    "nonsense > 1",
    "kappa >= 0.6 by side",
  ];
  const observed = fc
    .record({
      right: fc.array(fc.tuple(fc.boolean(), fc.boolean(), fc.integer({ min: 0, max: 3 })), { maxLength: 60 }),
      state: fc.constantFrom("present", "none", "unavailable"),
      failedRows: fc.constantFrom(0, 0, 0, 2),
      latency: fc.option(fc.array(fc.option(fc.integer({ min: 1, max: 30 })), { maxLength: 60 })),
      stuck: fc.constantFrom(null, null, "lag"),
    })
    .map(({ right, state, failedRows, latency, stuck }): Observations => {
      const observations = rightOrNot(
        right.map(([a, , k]) => a || k > 0),
        right.map(([, b, k]) => b || k > 0),
      );
      return {
        ...observations,
        championState: state,
        champion: state === "present" ? observations.champion : null,
        failedRows,
        slices: { side: right.map((_, row) => (row % 2 === 0 ? "left" : "right")) },
        load: latency && load(latency, stuck),
      };
    });
  const checks = fc.array(
    fc.record({
      line: fc.constantFrom(...lines),
      severity: fc.constantFrom("required", "advisory"),
      onInconclusive: fc.constantFrom("block", "allow"),
    }),
    { maxLength: 4 },
  );

  test("the verdict is pass only when each required check passed, was skipped, or was inconclusive and allowed", () => {
    fc.assert(
      fc.property(observed, checks, (seen, list) => {
        const policy = list.map(({ line, severity, onInconclusive }) => ({
          ...checkOf(line),
          severity,
          onInconclusive,
        }));
        const { verdict, checks: results } = judge(policy, seen, { ...context, replicates: 30 });
        const required = results.filter(({ severity }) => severity === "required");
        const fine = required.every(
          ({ status, onInconclusive }) =>
            status === "pass" || status === "skipped" || (status === "inconclusive" && onInconclusive === "allow"),
        );
        expect(verdict === "pass").toBe(fine && required.some(({ status }) => status === "pass"));
        expect(JSON.parse(JSON.stringify(results))).toStrictEqual(results);
        for (const { reason, sentence } of results) {
          expect(sentence).not.toMatch(/NaN|undefined|null|Infinity/);
          expect(reason === null || reason in reasons).toBe(true);
        }
      }),
      { numRuns: 60 },
    );
  });

  test("NaN among the answers never passes", () => {
    const names = metrics.flatMap(([name, metric]) =>
      metric.kind === "rows" && metric.tasks.includes("regression") && name !== "pinball" ? [{ name, metric }] : [],
    );
    const list = fc.array(fc.oneof(fc.constant(Number.NaN), fc.double({ min: -5, max: 5, noNaN: true })), {
      minLength: 30,
      maxLength: 40,
    });
    fc.assert(
      fc.property(
        list,
        fc.constantFrom(...names),
        fc.constantFrom("", " @95%"),
        (values, { name, metric }, confidence) => {
          fc.pre(values.some(Number.isNaN));
          const truth = Float64Array.from(values, (_, row) => row);
          const candidate = { task: "regression", values: Float64Array.from(values) } as const;
          const seen: Observations = {
            ...some,
            task: "regression",
            classes: [],
            truth,
            candidate,
            champion: null,
            championState: "none",
          };
          const op = metric.direction === "higher" ? ">= -1000000" : "<= 1000000";
          expect(decided(`${name} ${op.replace("- ", "-")}${confidence}`, seen).status).toBe("inconclusive");
        },
      ),
      { numRuns: 60 },
    );
  });

  test("a check that passes also passes with a weaker bound", () => {
    const right = fc.array(fc.tuple(fc.boolean(), fc.boolean(), fc.integer({ min: 0, max: 4 })), {
      minLength: 30,
      maxLength: 80,
    });
    const form = fc.constantFrom(
      "accuracy >= #",
      "accuracy > #",
      "accuracy >= # @95%",
      "recall >= # @80% [min 5]",
      "f1 >= # @90%",
      "accuracy >= champion - # @90%",
      "f1 >= champion - #",
      "accuracy >= champion - # @60%",
    );
    const bound = fc.integer({ min: 0, max: 1000 }).map((n) => n / 1000);
    fc.assert(
      fc.property(right, form, bound, bound, (list, text, a, b) => {
        const seen = rightOrNot(
          list.map(([x, , k]) => x || k > 0),
          list.map(([, y, k]) => y || k > 0),
        );
        const seeds = context.seeds;
        const [low, high] = [Math.min(a, b), Math.max(a, b)];
        const [strong, weak] = text.includes("champion") ? [low, high] : [high, low];
        const at = (value: number) => decided(text.replace("#", String(value)), seen, { seeds, replicates: 30 });
        // The seed holds the text, so bootstrap bounds differ from text to text; the point estimate does not.
        const [one, other] = [at(strong), at(weak)];
        const resampled = one.method === "bootstrap-bca" && other.estimate === one.estimate;
        const order = ["fail", "inconclusive", "pass"];
        expect(resampled || order.indexOf(other.status) >= order.indexOf(one.status)).toBe(true);
      }),
      { numRuns: 150 },
    );
  });
});
