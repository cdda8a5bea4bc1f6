import { grouped } from "../grouped.ts";
import type { LoadRun, Task } from "../observations/observations.ts";
import type { ArgumentRule } from "./arguments.ts";
import * as counts from "./confusion.ts";
import * as correlations from "./correlation.ts";
import { embeddingMetrics } from "./embedding.ts";
import { generationMetrics } from "./generation.ts";
import { errorRate, itemsOf, latencyOf, maxRate, overTime, type TimesOf, timeStatistic } from "./load.ts";
import type { Bound, Metric, RowMetric, RunMetric, Unit, Value } from "./metric.ts";
import { multilabelMetrics } from "./multilabel.ts";
import * as probabilities from "./probabilities.ts";
import { queryMetrics } from "./queries.ts";
import * as ranking from "./ranking.ts";
import * as errors from "./regression.ts";
import { goodOf, itlOf, streamStatistic, tpotOf, ttftOf, withoutGoodput } from "./streams.ts";

const infinity = Number.POSITIVE_INFINITY;
const share = { unit: "ratio", direction: "higher", range: [0, 1] } as const;
const score = { unit: "score", direction: "higher", range: [-1, 1] } as const;
const loss = (unit: Unit, most = infinity) => ({ unit, direction: "lower", range: [0, most] }) as const;

const threshold: ArgumentRule = { kind: "number", above: 0, below: 1 };
const bins: ArgumentRule = { kind: "integer", from: 1, to: 1000 };
const cut = { threshold };
const ofClass = {
  threshold,
  class: { kind: "class" },
  average: { kind: "choice", of: ["macro", "micro", "weighted"] },
} as const;

const bootstrap: Bound = { kind: "bootstrap" };
const boundless = (instead: string): Bound => ({ kind: "none", instead });
const binomial = (scores: (Bound & { kind: "binomial" | "mean" })["scores"]): Bound => ({ kind: "binomial", scores });
const mean = (scores: (Bound & { kind: "binomial" | "mean" })["scores"]): Bound => ({ kind: "mean", scores });
const auc: Bound = { kind: "auc", ranking: ranking.rankingOf };

type Line = Pick<RowMetric, "prepare" | "unit" | "direction" | "range" | "bound"> &
  Partial<Pick<RowMetric, "args" | "counts">>;
const on = (tasks: RowMetric["tasks"], line: Line): RowMetric => ({
  kind: "rows",
  tasks,
  args: {},
  counts: false,
  ...line,
});
const classified = (line: Line): RowMetric => on(["binary", "multiclass"], line);
const counting = (line: Line): RowMetric => classified({ ...line, counts: true });
const binary = (line: Line): RowMetric => on(["binary"], line);
const multiclass = (line: Line): RowMetric => on(["multiclass"], line);
const regression = (line: Line): RowMetric => on(["regression"], line);
const run = (line: Omit<RunMetric, "kind">): RunMetric => ({ kind: "run", ...line });
const timed = (timesOf: TimesOf, compute: (load: LoadRun, times: TimesOf, stat: string | null) => Value) => ({
  ...loss("ms"),
  stats: true,
  fromIntended: true,
  compute: (load: LoadRun, stat: string | null) => compute(load, timesOf, stat),
  bound: { kind: "latency", timesOf, several: false } as const,
});
const perSecond = { unit: "per second", direction: "higher", range: [0, infinity], stats: false } as const;
const { meanMetric } = probabilities;

/** Metrics of classes, of numbers and of load runs: a line each. */
const metricsHere: Readonly<Record<string, Metric>> = {
  accuracy: counting({ ...share, args: cut, prepare: counts.accuracy, bound: binomial(counts.hitScores) }),
  balanced_accuracy: counting({ ...share, args: cut, prepare: counts.balancedAccuracy, bound: bootstrap }),
  precision: counting({
    ...share,
    args: ofClass,
    prepare: counts.precision,
    bound: binomial(counts.precisionScores),
  }),
  recall: counting({ ...share, args: ofClass, prepare: counts.recall, bound: binomial(counts.recallScores) }),
  specificity: binary({
    counts: true,
    ...share,
    args: cut,
    prepare: counts.specificity,
    bound: binomial(counts.specificityScores),
  }),
  f1: counting({ ...share, args: ofClass, prepare: counts.f1, bound: bootstrap }),
  fbeta: counting({
    ...share,
    args: { ...ofClass, b: { kind: "number", above: 0, below: infinity, required: true } },
    prepare: counts.fbeta,
    bound: bootstrap,
  }),
  mcc: counting({ ...score, args: cut, prepare: counts.mcc, bound: bootstrap }),
  kappa: counting({ ...score, args: cut, prepare: counts.kappa, bound: bootstrap }),
  roc_auc: classified({
    ...score,
    range: [0, 1],
    args: { class: ofClass.class, average: { kind: "choice", of: ["macro", "weighted", "ovo"] } },
    prepare: ranking.rocAuc,
    bound: auc,
  }),
  pr_auc: binary({
    ...score,
    range: [0, 1],
    args: { class: ofClass.class },
    prepare: ranking.averagePrecision,
    bound: bootstrap,
  }),
  topk: multiclass({
    ...share,
    args: { k: { kind: "integer", from: 1, to: 1_000_000, required: true } },
    prepare: meanMetric(probabilities.topkScores),
    bound: binomial(probabilities.topkScores),
  }),
  log_loss: classified({
    ...loss("nats"),
    prepare: meanMetric(probabilities.logLossScores),
    bound: mean(probabilities.logLossScores),
  }),
  brier: classified({
    ...loss("score", 2),
    prepare: meanMetric(probabilities.brierScores),
    bound: mean(probabilities.brierScores),
  }),
  ece: binary({
    ...loss("ratio", 1),
    args: { bins },
    prepare: probabilities.ece,
    bound: boundless("brier or log_loss"),
  }),
  ece_top: multiclass({
    ...loss("ratio", 1),
    args: { bins },
    prepare: probabilities.eceTop,
    bound: boundless("brier or log_loss"),
  }),

  mae: regression({
    ...loss("label units"),
    prepare: meanMetric(errors.absoluteErrors),
    bound: mean(errors.absoluteErrors),
  }),
  mse: regression({
    ...loss("squared label units"),
    prepare: meanMetric(errors.squaredErrors),
    bound: mean(errors.squaredErrors),
  }),
  rmse: regression({ ...loss("label units"), prepare: errors.rmse, bound: bootstrap }),
  median_ae: regression({ ...loss("label units"), prepare: errors.medianError, bound: bootstrap }),
  max_error: regression({ ...loss("label units"), prepare: errors.maxError, bound: boundless("mae or rmse") }),
  mape: regression({
    ...loss("ratio"),
    prepare: meanMetric(errors.relativeErrors),
    bound: mean(errors.relativeErrors),
  }),
  smape: regression({
    ...loss("ratio", 2),
    prepare: meanMetric(errors.symmetricErrors),
    bound: mean(errors.symmetricErrors),
  }),
  wape: regression({ ...loss("ratio"), prepare: errors.wape, bound: bootstrap }),
  rmsle: regression({ ...loss("score"), prepare: errors.rmsle, bound: bootstrap }),
  pinball: regression({
    ...loss("label units"),
    args: { q: { kind: "number", above: 0, below: 1, required: true } },
    prepare: meanMetric(errors.pinballLosses),
    bound: mean(errors.pinballLosses),
  }),
  bias: regression({
    unit: "label units",
    direction: "zero",
    range: [-infinity, infinity],
    prepare: meanMetric(errors.signedErrors),
    bound: mean(errors.signedErrors),
  }),
  r2: regression({ ...score, range: [-infinity, 1], prepare: errors.r2, bound: bootstrap }),
  explained_variance: regression({
    ...score,
    range: [-infinity, 1],
    prepare: errors.explainedVariance,
    bound: bootstrap,
  }),
  pearson: regression({ ...score, prepare: correlations.pearson, bound: bootstrap }),
  spearman: regression({ ...score, prepare: correlations.spearman, bound: bootstrap }),
  kendall: regression({ ...score, prepare: correlations.kendall, bound: bootstrap }),

  latency: run(timed(latencyOf, timeStatistic)),
  ttft: run(timed(ttftOf, streamStatistic)),
  tpot: run({ ...timed(tpotOf, streamStatistic), fromIntended: false }),
  itl: run({
    ...timed(itlOf, streamStatistic),
    fromIntended: false,
    bound: { kind: "latency", timesOf: itlOf, several: true },
  }),
  error_rate: run({
    ...loss("ratio", 1),
    stats: false,
    fromIntended: false,
    compute: errorRate,
    bound: { kind: "binomial" },
  }),
  throughput: run({
    ...perSecond,
    fromIntended: false,
    compute: (load) => overTime(load, itemsOf),
    bound: { kind: "rate", worth: itemsOf },
  }),
  goodput: run({
    ...perSecond,
    fromIntended: true,
    compute(load) {
      const missing = withoutGoodput(load);
      return missing === null ? overTime(load, goodOf) : { undefined: missing };
    },
    bound: { kind: "rate", worth: goodOf },
  }),
  max_rate: run({
    ...perSecond,
    fromIntended: false,
    compute: maxRate,
    bound: { kind: "none", instead: "throughput" },
  }),
};

/** Every metric a check may name, with its name; tasks that mean different things by a name have a line each. Definitions: docs/tasks.md. */
export const metrics: readonly (readonly [name: string, metric: Metric])[] = [
  ...[metricsHere, multilabelMetrics, queryMetrics, generationMetrics, embeddingMetrics].flatMap((family) =>
    Object.entries<Metric>(family),
  ),
];

const byName = grouped(metrics, ([name]) => name);

/** A metric by name, as the task has it; where the task has none of the name, another task's. Undefined: there is none at all. */
export function metricNamed(name: string, task?: Task): Metric | undefined {
  const named = byName.get(name) ?? [];
  const fits = ([, metric]: readonly [string, Metric]): boolean =>
    metric.kind === "run" || metric.tasks.some((one) => one === task);
  return (named.find(fits) ?? named[0])?.[1];
}
