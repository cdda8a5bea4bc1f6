import { describe, expect, test } from "vitest";
import { metricNamed } from "../../../src/domain/metrics/index.ts";
import { compute, type RowMetric, type Rows, type Value } from "../../../src/domain/metrics/metric.ts";
import type { Task } from "../../../src/domain/observations/observations.ts";

function metricOf(name: string, task: Task): RowMetric {
  const metric = metricNamed(name, task);
  if (metric?.kind !== "rows" || !metric.tasks.includes(task)) throw new Error(`${task} has no ${name}`);
  return metric;
}
const measure = (name: string, rows: Rows, args: Record<string, string> = {}): Value =>
  compute(metricOf(name, rows.answers.task), rows, args);

describe("multilabel", () => {
  const marks = (...rows: string[]) => rows.map((row) => Uint8Array.from(row, Number));
  const rows = (truth: string[], labels: string[], scores: number[][] | null = null): Rows => ({
    truth: marks(...truth),
    answers: {
      task: "multilabel",
      labels: marks(...labels),
      scores: scores && scores.map((row) => Float64Array.from(row)),
    },
    classes: ["a", "b", "c"],
    groups: null,
  });
  const some = rows(["110", "001", "000"], ["100", "011", "000"]);

  test.each<[string, Record<string, string>, number]>([
    ["subset_accuracy", {}, 1 / 3],
    ["hamming_loss", {}, 2 / 9],
    ["precision", { average: "micro" }, 2 / 3],
    ["recall", { average: "micro" }, 2 / 3],
    ["precision", {}, 2 / 3],
    ["recall", { average: "weighted" }, 2 / 3],
    ["f1", { average: "samples" }, (2 / 3 + 2 / 3 + 0) / 3],
    ["jaccard", {}, (0.5 + 0.5 + 0) / 3],
    ["precision", { class: "b" }, 0],
    ["f1", { class: "c" }, 1],
  ])("%s %j", (name, args, value) => {
    expect(measure(name, some, args)).toBeCloseTo(value, 12);
  });

  test("a class that is never right nor predicted counts 0 in a macro average", () => {
    const found = measure("f1", rows(["100", "100"], ["100", "100"]));
    expect(found).toBeCloseTo(1 / 3, 12);
  });

  test("a class without positive or negative rows has no area, and without positive ones no precision", () => {
    const [first, second] = [
      [0.9, 0.1, 0.2],
      [0.2, 0.8, 0.3],
    ];
    const found = rows(["100", "010"], ["100", "010"], [first!, second!]);
    expect(measure("roc_auc_macro", found)).toEqual({ undefined: "single_class" });
    expect(measure("pr_auc_macro", found)).toEqual({ undefined: "no_positive" });
  });

  test.each(["roc_auc_macro", "pr_auc_macro", "lrap"])("%s needs scores", (name) => {
    expect(measure(name, some)).toEqual({ undefined: "no_scores" });
  });

  test("ranking precision reads ties against the model, and is 1 where all or none is right", () => {
    const found = (truth: string, scores: number[]) => measure("lrap", rows([truth], ["000"], [scores]));
    expect([found("100", [0.5, 0.5, 0.5]), found("000", [1, 0, 0]), found("111", [0, 0, 0])]).toEqual([1 / 3, 1, 1]);
  });
});

describe("ranking", () => {
  const rows = (grades: number[], scores: number[], groups: number[] | null): Rows => ({
    truth: Float64Array.from(grades),
    answers: { task: "ranking", values: Float64Array.from(scores) },
    classes: [],
    groups: groups && Int32Array.from(groups),
  });
  // The rows of a query need not stand together.
  const two = rows([1, 0, 0, 2, 0], [0.9, 0.8, 0.7, 0.1, 0.2], [0, 1, 0, 1, 1]);

  test.each<[string, Record<string, string>, number]>([
    ["mrr", {}, (1 + 1 / 3) / 2],
    ["mrr", { k: "2" }, 0.5],
    ["precision", { k: "2" }, 0.25],
    ["recall", { k: "3" }, 1],
    ["hit", { k: "1" }, 0.5],
    ["map", {}, (1 + 1 / 3) / 2],
    ["ndcg", {}, (1 + 0.5) / 2],
    ["ndcg_exp", { k: "2" }, 0.5],
  ])("%s %j is a mean over queries", (name, args, value) => {
    expect(measure(name, two, args)).toBeCloseTo(value, 12);
  });

  test("queries are what a bound counts", () => {
    const { bound } = metricOf("ndcg", "ranking");
    const scores = bound.kind === "mean" ? bound.scores(two, {}) : null;
    expect(scores).toEqual({ scores: Float64Array.of(1, 0.5), pairable: true });
  });

  test("a query counts as often as its first row", () => {
    const statistic = metricOf("mrr", "ranking").prepare(two, {});
    expect(typeof statistic === "function" && statistic(Uint32Array.of(3, 1, 0, 0, 0))).toBeCloseTo(
      (3 + 1 / 3) / 4,
      12,
    );
  });

  test("ties are read against the model", () => {
    expect(measure("mrr", rows([0, 0, 1], [1, 1, 1], [0, 0, 0]))).toBeCloseTo(1 / 3, 12);
  });

  test("queries without a relevant item are left out, up to one in twenty", () => {
    const queries = Array.from({ length: 40 }, (_, query) => query);
    const without = (empty: number) =>
      measure(
        "mrr",
        rows(
          queries.map((query) => (query < empty ? 0 : 1)),
          queries.map(() => 1),
          queries,
        ),
      );
    expect([without(0), without(2), without(3)]).toEqual([1, 1, { undefined: "queries_left_out" }]);
  });

  test("without queries there is no value", () => {
    expect(measure("ndcg", rows([1, 0], [1, 0], null))).toEqual({ undefined: "no_groups" });
  });
});

describe("embedding", () => {
  const vectors = (...list: number[][]) => list.map((vector) => Float64Array.from(vector));
  const golden = (own: number[][], right: number[][]): Rows => ({
    truth: vectors(...right),
    answers: { task: "embedding", vectors: vectors(...own), partners: null },
    classes: [],
    groups: null,
  });
  const pairs = (own: number[][], partners: number[][], alike: number[]): Rows => ({
    truth: Float64Array.from(alike),
    answers: { task: "embedding", vectors: vectors(...own), partners: vectors(...partners) },
    classes: [],
    groups: null,
  });
  const axes = [
    [1, 0, 0],
    [0, 2, 0],
    [0, 0, 3],
  ];

  test("the cosine to the golden vector, its least, and lengths", () => {
    const rows = golden(axes, [
      [2, 0, 0],
      [1, 1, 0],
      [0, 0, 1],
    ]);
    expect(measure("cosine", rows)).toBeCloseTo((2 + Math.SQRT1_2) / 3, 12);
    expect(measure("cosine_min", rows)).toBeCloseTo(Math.SQRT1_2, 12);
    expect([measure("norm_min", rows), measure("norm_max", rows)]).toEqual([1, 3]);
  });

  test.each<[number[], number[], string]>([
    [[0, 0], [1, 0], "zero_vector"],
    [[1, 0], [0, 0], "zero_vector"],
    [[1, 0, 0], [1, 0], "lengths_differ"],
  ])("%j against %j has no cosine", (own, right, reason) => {
    expect(measure("cosine", golden([own], [right]))).toEqual({ undefined: reason });
  });

  test("squares that would overflow do not", () => {
    expect(measure("cosine", golden([[1e200, 1e200]], [[1e-200, 1e-200]]))).toBeCloseTo(1, 12);
  });

  test("partners are looked for among those of all rows, ties read against the model", () => {
    const right = pairs(axes, axes, [1, 1, 1]);
    expect([measure("recall", right, { k: "1" }), measure("mrr", right)]).toEqual([1, 1]);
    const same = pairs(axes, [axes[0]!, axes[0]!, axes[0]!], [1, 1, 1]);
    expect([measure("recall", same, { k: "2" }), measure("recall", same, { k: "3" })]).toEqual([0, 1]);
    expect(measure("mrr", same)).toBeCloseTo(1 / 3, 12);
  });

  test("partners in one direction tie, whatever their lengths", () => {
    const own = [1, 2, 3, 4, 5].map((length) => [0.1 * length, 0.2 * length, 0.7 * length]);
    const partners = [1, 3, 7, 11, 13].map((length) => [0.3 * length, 0.1 * length, 0.9 * length]);
    const found = pairs(own, partners, [1, 1, 1, 1, 1]);
    expect([measure("recall", found, { k: "4" }), measure("recall", found, { k: "5" })]).toEqual([0, 1]);
  });

  test("cosines are correlated with how alike pairs are said to be", () => {
    const near = [
      [1, 0],
      [1, 1],
      [0, 1],
    ];
    const first = [1, 0];
    expect(measure("spearman", pairs([first, first, first], near, [0.9, 0.5, 0.1]))).toBeCloseTo(1, 12);
    expect(measure("spearman", pairs([first, first, first], near, [0.1, 0.5, 0.9]))).toBeCloseTo(-1, 12);
  });

  test("metrics of pairs need pairs, and metrics of golden vectors those", () => {
    const single = golden(axes, axes);
    for (const [name, args] of [
      ["recall", { k: "1" }],
      ["mrr", {}],
      ["spearman", {}],
    ] as const)
      expect(measure(name, single, args)).toEqual({ undefined: "no_partners" });
    expect(measure("cosine", pairs(axes, axes, [1, 1, 1]))).toEqual({ undefined: "no_golden" });
  });
});
