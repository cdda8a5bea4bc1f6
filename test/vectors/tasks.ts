import { cosine, dot, norm } from "../../src/domain/metrics/embedding.ts";
import { metricNamed } from "../../src/domain/metrics/index.ts";
import { compute, type Rows, type Value } from "../../src/domain/metrics/metric.ts";
import {
  exponentialGain,
  hitAt,
  linearGain,
  precisionAt,
  precisionOfQuery,
  type Query,
  recallAt,
  reciprocalRank,
} from "../../src/domain/metrics/queries.ts";
import type { Runner } from "./compare.ts";

function multilabel(input: { y_true: number[][]; y_score: number[][]; threshold: number }) {
  const { y_true, y_score, threshold } = input;
  const rows: Rows = {
    truth: y_true.map((row) => Uint8Array.from(row)),
    answers: {
      task: "multilabel",
      labels: y_score.map((row) => Uint8Array.from(row, (score) => (score >= threshold ? 1 : 0))),
      scores: y_score.map((row) => Float64Array.from(row)),
    },
    classes: y_true[0]!.map((_, index) => `c${index}`),
    groups: null,
  };
  const measure = (name: string, args: Record<string, string> = {}): Value => {
    const metric = metricNamed(name, "multilabel");
    if (metric?.kind !== "rows") throw new Error(`no metric ${name}`);
    return compute(metric, rows, args);
  };
  const averages = ["macro", "micro", "weighted", "samples"].map((average) => [
    average,
    Object.fromEntries(["precision", "recall", "f1"].map((name) => [name, measure(name, { average })])),
  ]);
  const names = ["subset_accuracy", "hamming_loss", "roc_auc_macro", "pr_auc_macro", "lrap"];
  return {
    ...Object.fromEntries(averages),
    ...Object.fromEntries(names.map((name) => [name, measure(name)])),
    jaccard_samples: measure("jaccard"),
  };
}

function ranking({ relevance, score }: { relevance: number[]; score: number[] }) {
  const query: Query = { relevance: Float64Array.from(relevance), scores: Float64Array.from(score) };
  const all = Number.POSITIVE_INFINITY;
  const relevant = relevance.some((grade) => grade > 0);
  const ifRelevant = (value: () => number): Value => (relevant ? value() : { undefined: "no_relevant" });
  return {
    mrr: reciprocalRank(query, all),
    mrr_at_3: reciprocalRank(query, 3),
    precision_at_5: precisionAt(query, 5),
    recall_at_5: ifRelevant(() => recallAt(query, 5)),
    hit_at_3: hitAt(query, 3),
    ap: ifRelevant(() => precisionOfQuery(query, all)),
    ndcg: ifRelevant(() => linearGain(query, all)),
    ndcg_exp: ifRelevant(() => exponentialGain(query, all)),
    ndcg_at_5: ifRelevant(() => linearGain(query, 5)),
    ndcg_exp_at_5: ifRelevant(() => exponentialGain(query, 5)),
    ndcg_at_10: ifRelevant(() => linearGain(query, 10)),
    ndcg_exp_at_10: ifRelevant(() => exponentialGain(query, 10)),
  };
}

function embedding(input: { a: number[]; b: number[] }) {
  const [a, b] = [Float64Array.from(input.a), Float64Array.from(input.b)];
  const difference = a.map((value, index) => value - b[index]!);
  return {
    cosine: cosine(a, b),
    dot: dot(a, b),
    l2: norm(difference),
    max_abs: Math.max(...difference.map(Math.abs)),
    norm_a: norm(a),
  };
}

/** Runners of the tasks multilabel, ranking and embedding. */
export const taskRunners: Readonly<Record<string, Runner>> = {
  classification_multilabel: multilabel,
  ranking,
  embedding,
};
