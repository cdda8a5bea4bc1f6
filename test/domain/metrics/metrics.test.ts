import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { metricNamed, metrics } from "../../../src/domain/metrics/index.ts";
import {
  compute,
  isUndefined,
  type RowMetric,
  type Rows,
  statisticOf,
  type Value,
} from "../../../src/domain/metrics/metric.ts";
import { selectRows } from "../../../src/domain/metrics/select.ts";
import type { Task } from "../../../src/domain/observations/observations.ts";
import { rowMetric } from "./named.ts";

const none: readonly string[] = [];
const classes: Record<Task, readonly string[]> = {
  ...{ binary: ["no", "yes"], multiclass: ["a", "b", "c"], multilabel: ["a", "b", "c"] },
  ...{ regression: none, ranking: none, generation: none, embedding: none },
};
const requiredArguments: Record<string, Record<string, string>> = {
  fbeta: { b: "2" },
  topk: { k: "2" },
  pinball: { q: "0.9" },
  ...{ precision: { k: "2" }, recall: { k: "2" }, hit: { k: "2" } },
};

const rowMetrics = metrics.flatMap(([name, metric]) =>
  metric.kind === "rows" ? metric.tasks.map((task): [string, Task, RowMetric] => [name, task, metric]) : [],
);

const probability = fc.integer({ min: 0, max: 10 }).map((tenths) => tenths / 10);
const value = fc.integer({ min: -3, max: 6 }).map((halves) => halves / 2);

const word = fc.constantFrom("", "a", "the cat", "{}", "cat sat");
const row = fc.record({
  index: fc.integer({ min: 0, max: 5 }),
  other: fc.integer({ min: 0, max: 5 }),
  marks: fc.tuple(fc.integer({ min: 0, max: 1 }), fc.integer({ min: 0, max: 1 }), fc.integer({ min: 0, max: 1 })),
  numbers: fc.tuple(probability, probability, probability),
  value,
  target: value,
  text: word,
  golds: fc.array(word, { minLength: 1, maxLength: 2 }),
  weight: fc.integer({ min: 0, max: 3 }),
});
type Row = typeof row extends fc.Arbitrary<infer T> ? T : never;

const vector = ([first, second]: Row["numbers"]) => Float64Array.of(first, second);
const numbered = (list: readonly Row[], of: (row: Row) => number) => Float64Array.from(list, of);

/** The truth and the answers of a task. */
const made: Record<Task, (list: readonly Row[]) => Pick<Rows, "truth" | "answers">> = {
  binary: (list) => ({
    truth: numbered(list, ({ index }) => index % 2),
    answers: {
      task: "binary",
      labels: Uint8Array.from(list, ({ other }) => other % 2),
      scores: numbered(list, ({ numbers }) => numbers[0]),
    },
  }),
  multiclass: (list) => ({
    truth: numbered(list, ({ index }) => index % 3),
    answers: {
      task: "multiclass",
      labels: Int32Array.from(list, ({ other }) => other % 3),
      probabilities: list.map(({ numbers }) => Float64Array.from(numbers)),
    },
  }),
  multilabel: (list) => ({
    truth: list.map(({ marks }) => Uint8Array.from(marks)),
    answers: {
      task: "multilabel",
      labels: list.map(({ numbers }) => Uint8Array.from(numbers, (score) => (score >= 0.5 ? 1 : 0))),
      scores: list.map(({ numbers }) => Float64Array.from(numbers)),
    },
  }),
  regression: (list) => ({
    truth: numbered(list, ({ target }) => target),
    answers: { task: "regression", values: numbered(list, (one) => one.value) },
  }),
  ranking: (list) => ({
    truth: numbered(list, ({ index }) => index % 3),
    answers: { task: "ranking", values: numbered(list, (one) => one.value) },
  }),
  generation: (list) => ({
    truth: list.map(({ golds }) => golds),
    answers: {
      task: "generation",
      texts: list.map(({ text }) => text),
      logprobs: list.map(({ numbers }) => Float64Array.from(numbers, (x) => -x)),
    },
  }),
  embedding: (list) => ({
    truth: list.map(({ numbers }) => vector(numbers)),
    answers: { task: "embedding", vectors: list.map(({ marks }) => vector(marks)), partners: null },
  }),
};

/** Rows of the metrics that look at pairs of texts. */
const pairs = (list: readonly Row[]): Pick<Rows, "truth" | "answers"> => ({
  truth: numbered(list, ({ target }) => target),
  answers: {
    task: "embedding",
    vectors: list.map(({ marks }) => vector(marks)),
    partners: list.map(({ numbers }) => vector(numbers)),
  },
});
const looksAtPairs = (name: string): boolean => ["recall", "mrr", "spearman"].includes(name);
/** A partner is looked for among those of all rows: one more row of the same kind is one more place to go wrong. */
const looksAtAll = (name: string, task: Task): boolean => task === "embedding" && ["recall", "mrr"].includes(name);

/** Rows of a task with many ties, and how often each row counts. Each row of a ranking is a query of its own. */
function rowsOf(task: Task, name: string): fc.Arbitrary<{ rows: Rows; weights: Uint32Array }> {
  return fc.array(row, { minLength: 1, maxLength: 14 }).map((list) => ({
    weights: Uint32Array.from(list, ({ weight }) => weight),
    rows: {
      ...(task === "embedding" && looksAtPairs(name) ? pairs : made[task])(list),
      classes: classes[task],
      groups: task === "ranking" ? Int32Array.from(list, (_, index) => index) : null,
    },
  }));
}

/** The same rows written out as often as they count. */
function repeated(rows: Rows, weights: Uint32Array): Rows {
  const again = Array.from(weights).flatMap((weight, index) => Array.from({ length: weight }, () => index));
  const groups = rows.groups && Int32Array.from(again, (_, index) => index);
  return { ...selectRows(rows, Uint32Array.from(again)), groups };
}

const rounded = (found: Value) => (isUndefined(found) ? found : Number(found.toFixed(9)) + 0);

describe("a row that counts k times is k equal rows", () => {
  test.each(rowMetrics.filter(([name, task]) => !looksAtAll(name, task)))("%s of %s", (name, task, metric) => {
    const args = requiredArguments[name] ?? {};
    fc.assert(
      fc.property(rowsOf(task, name), ({ rows, weights }) => {
        fc.pre(weights.some((weight) => weight > 0));
        const statistic = statisticOf(metric, rows, args);
        // Reasons that lie in any row, counted or not, hold for the whole preparation.
        fc.pre(!isUndefined(statistic));
        if (isUndefined(statistic)) return;
        expect(rounded(statistic(weights))).toEqual(rounded(compute(metric, repeated(rows, weights), args)));
      }),
    );
  });
});

describe("a value is a finite number or has a reason", () => {
  test.each(rowMetrics)("%s of %s", (name, task, metric) => {
    fc.assert(
      fc.property(rowsOf(task, name), ({ rows }) => {
        const found = compute(metric, rows, requiredArguments[name]);
        const most = name === "brier" && task === "multiclass" ? 3 : metric.range[1];
        const within = (x: number) => x >= metric.range[0] - 1e-9 && x <= most + 1e-9;
        expect(isUndefined(found) ? found.undefined.length > 0 : within(found)).toBe(true);
      }),
    );
  });
});

describe("no metric has a value", () => {
  test.each(rowMetrics)("of NaN answers: %s of %s", (name, task, metric) => {
    const nan = Float64Array.of(Number.NaN, 0.5);
    const [label, mark] = [Float64Array.of(1, 0), [Uint8Array.of(1, 0, 0), Uint8Array.of(0, 1, 0)]];
    const bad = [Float64Array.of(Number.NaN, 0, 0), Float64Array.of(1, 0, 0)];
    const rows: Record<Task, Pick<Rows, "truth" | "answers">> = {
      regression: { truth: label, answers: { task: "regression", values: nan } },
      ranking: { truth: label, answers: { task: "ranking", values: nan } },
      binary: { truth: label, answers: { task: "binary", labels: Uint8Array.of(1, 0), scores: nan } },
      multiclass: {
        truth: label,
        answers: { task: "multiclass", labels: Int32Array.of(1, 0), probabilities: bad },
      },
      multilabel: { truth: mark, answers: { task: "multilabel", labels: mark, scores: bad } },
      generation: { truth: [["a"], ["b"]], answers: { task: "generation", texts: ["a", "b"], logprobs: bad } },
      embedding: { truth: bad.toReversed(), answers: { task: "embedding", vectors: bad, partners: null } },
    };
    const asked = { ...rows[task], classes: classes[task], groups: null };
    expect(compute(metric, asked, requiredArguments[name])).toEqual({ undefined: "not_finite" });
  });

  const accuracy = rowMetric("accuracy");
  const two: Rows = {
    truth: Float64Array.of(0, 1),
    classes: ["no", "yes"],
    groups: null,
    answers: { task: "binary", labels: Uint8Array.of(0, 1), scores: null },
  };
  test.each<[string, RowMetric, Rows, string]>([
    [
      "of no rows",
      accuracy,
      { ...two, truth: new Float64Array(0), answers: { task: "binary", labels: new Uint8Array(0), scores: null } },
      "no_rows",
    ],
    ["of fewer answers than rows", accuracy, { ...two, truth: Float64Array.of(0, 1, 1) }, "rows_differ"],
    ["of a label that is no class", accuracy, { ...two, truth: Float64Array.of(0, 2) }, "unknown_class"],
    ["of a label between classes", accuracy, { ...two, truth: Float64Array.of(0, 0.5) }, "unknown_class"],
    ["of another task", rowMetric("mae"), two, "wrong_task"],
    ["of scores that are not served", rowMetric("roc_auc"), two, "no_scores"],
    [
      "of a score above 1 as a probability",
      rowMetric("log_loss"),
      { ...two, answers: { task: "binary", labels: Uint8Array.of(0, 1), scores: Float64Array.of(0, 1.5) } },
      "not_probability",
    ],
  ])("%s", (_, metric, rows, reason) => {
    expect(compute(metric, rows)).toEqual({ undefined: reason });
  });
});

test("kappa is undefined when agreement by chance is complete", () => {
  const answers = { task: "binary", labels: Uint8Array.of(1, 1), scores: null } as const;
  expect(
    compute(rowMetric("kappa"), { truth: Float64Array.of(1, 1), classes: ["no", "yes"], groups: null, answers }),
  ).toEqual({
    undefined: "chance_agreement",
  });
});

test("r2 keeps its digits under a large offset", () => {
  const [values, truth] = [
    [0.1, 0.4, 0.2, 0.9],
    [0, 0.5, 0.25, 0.75],
  ].map((list) => (offset: number) => Float64Array.from(list, (x) => x + offset));
  const at = (offset: number) =>
    compute(rowMetric("r2"), {
      truth: truth!(offset),
      classes: [],
      groups: null,
      answers: { task: "regression", values: values!(offset) },
    });
  expect(at(1e9)).toBeCloseTo(Number(at(0)), 5);
});

test("kendall counts pairs", () => {
  const list = fc.array(fc.tuple(value, value), { minLength: 2, maxLength: 12 });
  fc.assert(
    fc.property(list, (pairs) => {
      const truth = Float64Array.from(pairs, ([x]) => x);
      const values = Float64Array.from(pairs, ([, y]) => y);
      let [balance, untiedX, untiedY] = [0, 0, 0];
      for (let i = 0; i < pairs.length; i++)
        for (let j = 0; j < i; j++) {
          const [dx, dy] = [Math.sign(truth[i]! - truth[j]!), Math.sign(values[i]! - values[j]!)];
          balance += dx * dy;
          untiedX += Math.abs(dx);
          untiedY += Math.abs(dy);
        }
      const found = compute(rowMetric("kendall"), {
        truth,
        classes: [],
        groups: null,
        answers: { task: "regression", values },
      });
      const spread = Math.sqrt(untiedX * untiedY);
      expect(rounded(found)).toEqual(rounded(spread === 0 ? { undefined: "constant_input" } : balance / spread));
    }),
  );
});

test("names of Object's own members are no metrics", () => {
  expect(metricNamed("constructor")).toBeUndefined();
  expect(metricNamed("accuracy")?.unit).toBe("ratio");
  expect(
    [metricNamed("f1", "multilabel"), metricNamed("f1", "binary")].map((one) => one?.kind === "rows" && one.tasks[0]),
  ).toEqual(["multilabel", "binary"]);
});
