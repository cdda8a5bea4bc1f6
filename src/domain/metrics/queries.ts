import { type ArgumentRule, type Arguments, numberOf } from "./arguments.ts";
import {
  isUndefined,
  numbersOf,
  type RowMetric,
  type RowScores,
  type Rows,
  type Statistic,
  type Undefined,
} from "./metric.ts";
import { averagePrecisionOf, orderOf } from "./ranking.ts";

/** The items of a query: how relevant each is (0: not), and how it was scored. */
export interface Query {
  relevance: Float64Array;
  scores: Float64Array;
}

/** More queries without a relevant item than this share leave too much out for a mean to say anything. */
const mostLeftOut = 0.05;

/** A measure of one query with a relevant item, of its first `k` ranks. */
type Measure = (query: Query, k: number) => number;

/** Relevance by rank, the best score first. Ties are read against the model: the least relevant first. */
function ranked({ relevance, scores }: Query): Float64Array {
  const order = Array.from(scores, (_, item) => item).toSorted(
    (a, b) => scores[b]! - scores[a]! || relevance[a]! - relevance[b]!,
  );
  return Float64Array.from(order, (item) => relevance[item]!);
}

const relevantIn = (list: Float64Array): number => list.reduce((count, grade) => count + (grade > 0 ? 1 : 0), 0);

/** One over the rank of the first relevant item; 0 when none is among the first k. */
export const reciprocalRank: Measure = (query, k) => {
  const first = ranked(query)
    .subarray(0, k)
    .findIndex((grade) => grade > 0);
  return first < 0 ? 0 : 1 / (first + 1);
};
/** Relevant items among the first k, by k. */
export const precisionAt: Measure = (query, k) => relevantIn(ranked(query).subarray(0, k)) / k;
/** Relevant items among the first k, by all relevant ones. */
export const recallAt: Measure = (query, k) => relevantIn(ranked(query).subarray(0, k)) / relevantIn(query.relevance);
/** 1 when a relevant item is among the first k. */
export const hitAt: Measure = (query, k) => (relevantIn(ranked(query).subarray(0, k)) > 0 ? 1 : 0);

/** Average precision; items of equal score share a threshold. */
export const precisionOfQuery: Measure = ({ relevance, scores }) => {
  const side = Int8Array.from(relevance, (grade) => (grade > 0 ? 1 : 0));
  return averagePrecisionOf(orderOf(scores), side, new Uint32Array(scores.length).fill(1))!;
};

/** Discounted cumulative gain of the first k ranks, averaged over the orders of tied items (McSherry and Najork 2008). */
function discountedGain(gains: Float64Array, scores: Float64Array, k: number): number {
  const { rows, ends } = orderOf(scores);
  let [gain, rank] = [0, 0];
  for (let group = ends.length - 1; group >= 0; group--) {
    const tied = rows.subarray(ends[group - 1] ?? 0, ends[group]);
    const mean = tied.reduce((sum, item) => sum + gains[item]!, 0) / tied.length;
    for (let place = 0; place < tied.length; place++, rank++) if (rank < k) gain += mean / Math.log2(rank + 2);
  }
  return gain;
}

/** Normalised discounted cumulative gain, with what a grade is worth. */
const normalisedGain =
  (worth: (grade: number) => number): Measure =>
  ({ relevance, scores }, k) => {
    const gains = relevance.map(worth);
    return discountedGain(gains, scores, k) / discountedGain(gains, gains, k);
  };
/** A grade is worth itself. */
export const linearGain = normalisedGain((grade) => grade);
/** A grade g is worth 2^g - 1. */
export const exponentialGain = normalisedGain((grade) => 2 ** grade - 1);

/** The queries that have a relevant item, with the first row of each; the others are left out. */
function queriesOf(rows: Rows): { queries: Query[]; first: Uint32Array } | Undefined {
  const { answers, groups } = rows;
  if (answers.task !== "ranking") throw new TypeError(`${answers.task} answers are no ranking`);
  if (!groups) return { undefined: "no_groups" };
  const relevance = numbersOf(rows);
  const items = new Map<number, number[]>();
  for (const [row, group] of groups.entries()) {
    const known = items.get(group);
    if (known) known.push(row);
    else items.set(group, [row]);
  }
  const kept = [...items.values()].filter((list) => list.some((row) => relevance[row]! > 0));
  if (kept.length < (1 - mostLeftOut) * items.size) return { undefined: "queries_left_out" };
  const pick = (values: Float64Array, list: readonly number[]) => Float64Array.from(list, (row) => values[row]!);
  return {
    queries: kept.map((list) => ({ relevance: pick(relevance, list), scores: pick(answers.values, list) })),
    first: Uint32Array.from(kept, ([row]) => row!),
  };
}

const depth = (args: Arguments): number => numberOf(args, "k", Number.POSITIVE_INFINITY);

/** A score per query. Which queries count is decided by what is relevant: it is the same for every model. */
const queryScores =
  (measure: Measure) =>
  (rows: Rows, args: Arguments): RowScores | Undefined => {
    const found = queriesOf(rows);
    if (isUndefined(found)) return found;
    return { scores: Float64Array.from(found.queries, (query) => measure(query, depth(args))), pairable: true };
  };

/** The mean over queries; a query counts as often as its first row. */
const overQueries =
  (measure: Measure) =>
  (rows: Rows, args: Arguments): Statistic | Undefined => {
    const found = queriesOf(rows);
    if (isUndefined(found)) return found;
    const scores = found.queries.map((query) => measure(query, depth(args)));
    return (weights) => {
      let [sum, total] = [0, 0];
      for (const [index, row] of found.first.entries()) {
        sum += weights[row]! * scores[index]!;
        total += weights[row]!;
      }
      return total === 0 ? { undefined: "no_rows" } : sum / total;
    };
  };

const k: ArgumentRule = { kind: "integer", from: 1, to: 1_000_000 };
const needed = { k: { ...k, required: true } } as const;

const metric = (measure: Measure, args: RowMetric["args"], kind: "mean" | "binomial" = "mean"): RowMetric => ({
  ...{ kind: "rows", tasks: ["ranking"], unit: "score", direction: "higher", range: [0, 1], counts: false },
  args,
  prepare: overQueries(measure),
  bound: { kind, scores: queryScores(measure) },
});

/** Metrics of rankings: means over queries. */
export const queryMetrics: Readonly<Record<string, RowMetric>> = {
  ndcg: metric(linearGain, { k }),
  ndcg_exp: metric(exponentialGain, { k }),
  mrr: metric(reciprocalRank, { k }),
  map: metric(precisionOfQuery, {}),
  precision: metric(precisionAt, needed),
  recall: metric(recallAt, needed),
  hit: metric(hitAt, needed, "binomial"),
};
