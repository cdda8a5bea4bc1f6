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
import type { Task } from "../../../src/domain/observations/observations.ts";
import { rowMetric } from "./named.ts";

const classes: Record<Task, readonly string[]> = { binary: ["no", "yes"], multiclass: ["a", "b", "c"], regression: [] };
const requiredArguments: Record<string, Record<string, string>> = {
  fbeta: { b: "2" },
  topk: { k: "2" },
  pinball: { q: "0.9" },
};

const rowMetrics = Object.entries(metrics).flatMap(([name, metric]) =>
  metric.kind === "rows" ? metric.tasks.map((task): [string, Task, RowMetric] => [name, task, metric]) : [],
);

const probability = fc.integer({ min: 0, max: 10 }).map((tenths) => tenths / 10);
const value = fc.integer({ min: -3, max: 6 }).map((halves) => halves / 2);

/** Rows of a task with many ties, and how often each row counts. */
function rowsOf(task: Task): fc.Arbitrary<{ rows: Rows; weights: Uint32Array }> {
  const labels = classes[task].length;
  const row = fc.record({
    truth: task === "regression" ? value : fc.integer({ min: 0, max: labels - 1 }),
    label: fc.integer({ min: 0, max: Math.max(0, labels - 1) }),
    numbers: fc.tuple(probability, probability, probability),
    value,
    weight: fc.integer({ min: 0, max: 3 }),
  });
  return fc.array(row, { minLength: 1, maxLength: 14 }).map((list) => ({
    weights: Uint32Array.from(list, ({ weight }) => weight),
    rows: {
      truth: Float64Array.from(list, ({ truth }) => truth),
      classes: classes[task],
      answers:
        task === "regression"
          ? { task, values: Float64Array.from(list, (each) => each.value) }
          : task === "binary"
            ? {
                task,
                labels: Uint8Array.from(list, ({ label }) => label),
                scores: Float64Array.from(list, ({ numbers }) => numbers[0]),
              }
            : {
                task,
                labels: Int32Array.from(list, ({ label }) => label),
                probabilities: list.map(({ numbers }) => Float64Array.from(numbers)),
              },
    },
  }));
}

/** The same rows written out as often as they count. */
function repeated({ truth, answers, classes: names }: Rows, weights: Uint32Array): Rows {
  const rows = Array.from(weights).flatMap((weight, row) => Array.from({ length: weight }, () => row));
  const numbers = (all: Float64Array) => Float64Array.from(rows, (row) => all[row]!);
  const again = { truth: numbers(truth), classes: names };
  if (answers.task === "regression") return { ...again, answers: { ...answers, values: numbers(answers.values) } };
  if (answers.task === "binary")
    return {
      ...again,
      answers: {
        ...answers,
        labels: Uint8Array.from(rows, (row) => answers.labels[row]!),
        scores: answers.scores && numbers(answers.scores),
      },
    };
  const { probabilities } = answers;
  return {
    ...again,
    answers: {
      ...answers,
      labels: Int32Array.from(rows, (row) => answers.labels[row]!),
      probabilities: probabilities && rows.map((row) => probabilities[row]!),
    },
  };
}

const rounded = (found: Value) => (isUndefined(found) ? found : Number(found.toFixed(9)) + 0);

describe("a row that counts k times is k equal rows", () => {
  test.each(rowMetrics)("%s of %s", (name, task, metric) => {
    const args = requiredArguments[name] ?? {};
    fc.assert(
      fc.property(rowsOf(task), ({ rows, weights }) => {
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
      fc.property(rowsOf(task), ({ rows }) => {
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
    const answers: Record<Task, Rows["answers"]> = {
      regression: { task: "regression", values: nan },
      binary: { task: "binary", labels: Uint8Array.of(1, 0), scores: nan },
      multiclass: {
        task: "multiclass",
        labels: Int32Array.of(1, 0),
        probabilities: [Float64Array.of(Number.NaN, 0, 0), Float64Array.of(1, 0, 0)],
      },
    };
    const rows = { truth: Float64Array.of(1, 0), classes: classes[task], answers: answers[task] };
    expect(compute(metric, rows, requiredArguments[name])).toEqual({ undefined: "not_finite" });
  });

  const accuracy = rowMetric("accuracy");
  const two: Rows = {
    truth: Float64Array.of(0, 1),
    classes: ["no", "yes"],
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
  expect(compute(rowMetric("kappa"), { truth: Float64Array.of(1, 1), classes: ["no", "yes"], answers })).toEqual({
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
        answers: { task: "regression", values },
      });
      const spread = Math.sqrt(untiedX * untiedY);
      expect(rounded(found)).toEqual(rounded(spread === 0 ? { undefined: "constant_input" } : balance / spread));
    }),
  );
});

test("names of Object's own members are no metrics", () => {
  expect(metricNamed("constructor")).toBeUndefined();
  expect(metricNamed("accuracy")).toBe(metrics.accuracy);
});
