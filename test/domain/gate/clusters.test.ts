import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { meanBounds, pairedRateBounds, rateBounds } from "../../../src/domain/gate/bounds.ts";
import {
  clusteredMeanBounds,
  clusteredPairedRateBounds,
  clusteredRateBounds,
  clustersOf,
} from "../../../src/domain/gate/clusters.ts";
import { checkOf, decide } from "../../../src/domain/gate/decide.ts";
import type { Observations } from "../../../src/domain/observations/observations.ts";
import { clopperPearsonLower } from "../../../src/domain/statistics/intervals.ts";
import { xoshiro } from "../../../src/domain/statistics/prng.ts";
import { context, rightOrNot } from "./observed.ts";

const asked = { confidence: 0.95, bound: 0.5, low: true };
/** `size` rows in each of `count` groups, group after group. */
const groupsOf = (count: number, size: number) =>
  Int32Array.from({ length: count * size }, (_, row) => Math.floor(row / size));
const repeated = (scores: Float64Array, times: number) =>
  Float64Array.from({ length: scores.length * times }, (_, i) => scores[Math.floor(i / times)]!);
const zeroOnes = fc
  .array(fc.integer({ min: 0, max: 1 }), { minLength: 40, maxLength: 80 })
  .map((list) => Float64Array.from(list));
const close = (a: { lower: number | null; upper: number | null; tail: number | null }, b: typeof a) => {
  for (const key of ["lower", "upper", "tail"] as const) expect(a[key]).toBeCloseTo(b[key]!, 9);
};

describe("clusters of one row each are independent rows", () => {
  test("rates, paired rates and means have the bounds they have without clusters", () => {
    fc.assert(
      fc.property(zeroOnes, zeroOnes, (a, b) => {
        const n = Math.min(a.length, b.length);
        const [own, other] = [a.subarray(0, n), b.subarray(0, n)];
        const clusters = clustersOf(groupsOf(n, 1));
        close(clusteredRateBounds(own, clusters, asked), rateBounds(own, asked));
        const between = { ...asked, bound: -0.02 };
        const counts: [number, number] = [0, 0];
        own.forEach((right, i) => right !== other[i] && counts[right ? 0 : 1]++);
        close(clusteredPairedRateBounds(own, other, { ...between, clusters }), pairedRateBounds(counts, n, between));
        close(clusteredMeanBounds(own, clusters, asked), meanBounds(own, asked));
      }),
    );
  });
});

describe("rows that only repeat each other add nothing", () => {
  test.each([2, 7])("each row %i times has the bounds of the rows once", (times) => {
    const once = Float64Array.from({ length: 60 }, (_, i) => (i % 4 === 0 ? 0 : 1));
    const other = Float64Array.from({ length: 60 }, (_, i) => (i % 3 === 0 ? 0 : 1));
    const clusters = clustersOf(groupsOf(60, times));
    const [many, others] = [repeated(once, times), repeated(other, times)];
    close(clusteredRateBounds(many, clusters, asked), rateBounds(once, asked));
    close(clusteredMeanBounds(many, clusters, asked), meanBounds(once, asked));
    close(clusteredPairedRateBounds(many, others, { ...asked, bound: 0, clusters }), {
      ...pairedRateBounds([15, 10], 60, { ...asked, bound: 0 }),
    });
  });

  test("resampled groups of equal rows have the bounds of the rows once", () => {
    const right = (times: number) => Array.from({ length: 90 * times }, (_, row) => Math.floor(row / times) % 5 !== 0);
    const observed = (times: number): Observations => {
      const truth = Float64Array.from({ length: 90 * times }, (_, row) => Math.floor(row / times) % 2);
      const labels = Uint8Array.from(right(times), (ok, row) => (ok ? truth[row]! : 1 - truth[row]!));
      const groups = times === 1 ? null : Array.from(truth, (_, row) => `user ${Math.floor(row / times)}`);
      return { ...rightOrNot([], null), truth, groups, candidate: { task: "binary", labels, scores: null } };
    };
    const [once, thrice] = [1, 3].map((times) => decide(checkOf("f1 >= 0.5 @95%"), observed(times), context));
    expect(thrice).toMatchObject({ method: "bootstrap-bca-clusters", n: 90, rows: 270, lower: once!.lower });
    expect(once).toMatchObject({ method: "bootstrap-bca", n: 90, rows: null });
  });
});

test("rates that are all right are as many trials as there are clusters", () => {
  const clusters = clustersOf(groupsOf(30, 40));
  const found = clusteredRateBounds(new Float64Array(1200).fill(1), clusters, asked);
  expect(found.lower).toBeCloseTo(0.05 ** (1 / 30), 10);
  const alike = new Float64Array(1200).fill(1);
  const paired = clusteredPairedRateBounds(alike, alike, { ...asked, bound: -0.01, clusters });
  expect(paired.lower).toBeCloseTo(pairedRateBounds([0, 0], 30, asked).lower!, 10);
});

test("three groups that are all wrong say little of how many there are: each group counts once", () => {
  const right = Float64Array.from({ length: 1000 }, (_, row) => {
    const group = Math.floor(row / 10);
    return group < 3 || (group < 15 && row % 10 === 0) ? 0 : 1;
  });
  const found = clusteredRateBounds(right, clustersOf(groupsOf(100, 10)), asked);
  expect(found.lower).toBeCloseTo(clopperPearsonLower(95.8, 100, 0.95), 10);
  const scattered = Float64Array.from({ length: 1000 }, (_, row) => (row % 24 === 0 ? 0 : 1));
  const more = clusteredRateBounds(scattered, clustersOf(groupsOf(100, 10)), asked);
  expect(more.lower).toBeGreaterThan(found.lower! + 0.02);
});

test("the clusters' order and names do not matter", () => {
  const scores = Float64Array.from({ length: 120 }, (_, i) => ((i * 37) % 11) / 10);
  const groups = groupsOf(40, 3);
  const turned = groups.map((group) => 1000 - 7 * group);
  const bounds = clusteredMeanBounds(scores, clustersOf(groups), asked);
  expect(clusteredMeanBounds(scores, clustersOf(turned), asked)).toEqual(bounds);
});

/** Rows in 50 groups of 8: in each group `share` of the rows do what the whole group does. */
function alikeInGroups(f64: () => number, p: number, share: number): boolean[] {
  return Array.from({ length: 50 }, () => f64() < p).flatMap((whole) =>
    Array.from({ length: 8 }, () => (f64() < share ? whole : f64() < p)),
  );
}
const users = Array.from({ length: 400 }, (_, row) => `user ${Math.floor(row / 8)}`);

describe("what a bound at 95 % gets wrong when rows of a group are alike", () => {
  /** How often the lower bound lies above the truth, with the groups and without. */
  function wrong(text: string, truth: number, draw: (f64: () => number) => Observations, runs: number) {
    const { f64 } = xoshiro(text);
    const above = { grouped: 0, ignored: 0 };
    for (let run = 0; run < runs; run++) {
      const observed = draw(f64);
      const lower = (groups: readonly string[] | null) =>
        decide(checkOf(text), { ...observed, groups }, { ...context, replicates: 200 }).lower!;
      if (lower(users) > truth) above.grouped++;
      if (lower(null) > truth) above.ignored++;
    }
    return { grouped: above.grouped / runs, ignored: above.ignored / runs };
  }

  test.each<[string, number, (f64: () => number) => Observations, number]>([
    ["accuracy >= 0.5 @95%", 0.85, (f64) => rightOrNot(alikeInGroups(f64, 0.85, 0.6), null), 400],
    [
      "accuracy >= champion @95%",
      0,
      (f64) => rightOrNot(alikeInGroups(f64, 0.85, 0.6), alikeInGroups(f64, 0.85, 0.6)),
      400,
    ],
    ["balanced_accuracy >= 0.5 @95%", 0.85, (f64) => rightOrNot(alikeInGroups(f64, 0.85, 0.6), null), 150],
  ])("%s: one in twenty with groups, far more without (%d)", (text, truth, draw, runs) => {
    const { grouped, ignored } = wrong(text, truth, draw, runs);
    expect(grouped).toBeLessThan(0.09);
    expect(ignored).toBeGreaterThan(0.1);
  });
});

describe("n counts groups", () => {
  const observed = (rows: number, size: number): Observations => ({
    ...rightOrNot(
      Array.from({ length: rows }, (_, row) => row % 10 !== 0),
      null,
    ),
    groups: Array.from({ length: rows }, (_, row) => `user ${Math.floor(row / size)}`),
  });

  test("under thirty groups nothing is shown, unless fewer are allowed", () => {
    expect(decide(checkOf("accuracy >= 0.8 @95%"), observed(290, 10), context)).toMatchObject({
      status: "inconclusive",
      reason: "min_n",
      n: 29,
      rows: 290,
      needsN: 30,
      sentence: expect.stringMatching(
        /^n = 29 groups \(290 rows\): .*too few groups of rows count .* at least 30 must/,
      ),
    });
    expect(decide(checkOf("accuracy >= 0.8 @95% [min 20]"), observed(290, 10), context).status).toBe("pass");
    expect(decide(checkOf("accuracy >= 0.8 [min 30]"), observed(290, 10), context).reason).toBe("min_n");
  });

  test.each(["accuracy >= 0.1 @95% [min 1]", "f1 >= 0.1 @95% [min 1]"])("%s: one group has no bound", (text) => {
    expect(decide(checkOf(text), observed(290, 300), context)).toMatchObject({
      status: "inconclusive",
      reason: "min_n",
      needsN: 2,
    });
  });

  test("only groups with rows that count are counted", () => {
    // Truth alternates: groups of one row hold the class or do not.
    expect(decide(checkOf("recall(class=yes) >= 0.5 @95%"), observed(400, 1), context)).toMatchObject({ n: 200 });
    expect(decide(checkOf("recall(class=yes) >= 0.5 @95%"), observed(400, 2), context)).toMatchObject({
      n: 200,
      rows: 200,
      method: "clopper-pearson-clusters",
    });
  });

  test("an open check says how many groups would settle it", () => {
    const { sentence, needsN } = decide(checkOf("accuracy >= 0.885 @95%"), observed(400, 4), context);
    expect(needsN).toBeGreaterThan(100);
    expect(sentence).toMatch(/^n = 100 groups \(400 rows\): .* about [\d,]+ groups \(80 % power\)/);
  });

  test("a slice counts its own groups", () => {
    const slices = { half: Array.from({ length: 800 }, (_, row) => (row < 700 ? "most" : "few")) };
    const points = decide(checkOf("accuracy >= 0.7 by half [min 20]"), { ...observed(800, 10), slices }, context);
    expect(points.slices).toMatchObject({ judged: [{ name: "most" }], small: [{ name: "few", n: 10 }] });
    const found = decide(checkOf("accuracy >= 0.7 @95% by half"), { ...observed(800, 10), slices }, context);
    expect(found).toMatchObject({ n: 80, rows: 800, status: "pass" });
    expect(found.slices).toMatchObject({
      judged: [{ name: "most", n: 70, rows: 700 }],
      small: [{ name: "few", n: 10 }],
    });
  });
});

test("an area is resampled by group, and needs twenty groups of each side", () => {
  const rows = 400;
  const { f64 } = xoshiro("areas");
  const truth = Float64Array.from({ length: rows }, (_, row) => (Math.floor(row / 4) % 2 === 0 ? 1 : 0));
  const scores = truth.map((side) => (side + 2 * f64()) / 3);
  const observed: Observations = {
    ...rightOrNot([], null),
    truth,
    groups: Array.from({ length: rows }, (_, row) => `user ${Math.floor(row / 4)}`),
    candidate: { task: "binary", labels: Uint8Array.from(scores, (p) => (p > 0.5 ? 1 : 0)), scores },
  };
  const area = (from: Observations) => decide(checkOf("roc_auc >= 0.6 @95%"), from, context);
  expect(area(observed)).toMatchObject({ method: "bootstrap-bca-clusters", n: 100, status: "pass" });
  const few = { ...observed, groups: observed.groups!.map((name, row) => (truth[row] ? `user ${row % 10}` : name)) };
  expect(area(few)).toMatchObject({ reason: "min_per_class", status: "inconclusive" });
});

test("a coin toss of confidence has bounds as well", () => {
  const rows = 40;
  const truth = Float64Array.from({ length: rows }, (_, row) => row % 2);
  const labels = Uint8Array.from(truth, (label, row) => (row % 7 === 0 ? 1 - label : label));
  const answers = { task: "binary", labels, scores: null } as const;
  const observed: Observations = {
    ...{ task: "binary", classes: ["no", "yes"], truth, candidate: answers, championState: "present", slices: {} },
    champion: { ...answers, labels: Uint8Array.from(truth, (label, row) => (row % 5 === 0 ? 1 - label : label)) },
    groups: Array.from({ length: rows }, (_, row) => `user ${Math.floor(row / 4)}`),
    ...{ failedRows: 0, load: null },
  };
  for (const text of ["accuracy >= 0.9 @50% [min 2]", "accuracy >= champion @50% [min 2]"])
    expect(decide(checkOf(text), observed, context)).toMatchObject({
      lower: expect.any(Number) as number,
      upper: expect.any(Number) as number,
    });
});
