import { isUndefined, type Rows } from "../metrics/metric.ts";
import { type Clusters, clustersOf } from "./clusters.ts";
import type { Question, Sides } from "./question.ts";
import type { Finding } from "./result.ts";

/** Row scores whose mean a metric is. */
export interface Scores {
  own: Float64Array;
  /** The champion's on the same rows; null when the check compares with a number. */
  other: Float64Array | null;
  /** Which scores belong together; null: each by itself. */
  clusters: Clusters | null;
}

/** Row scores of sound rows, or null when the metric, asked like this, is no mean over rows that models share. */
export function scoresOf({ metric, check }: Question, { candidate, champion }: Sides): Scores | null {
  if (metric.bound.kind !== "binomial" && metric.bound.kind !== "mean") return null;
  const own = metric.bound.scores(candidate, check.args);
  if (own === null || isUndefined(own) || (champion && !own.pairable)) return null;
  const other = champion && metric.bound.scores(champion, check.args);
  const { groups, truth, answers } = candidate;
  // Scores of a ranking are of its groups, the queries, each by itself.
  const grouped = answers.task === "ranking" ? null : groups;
  if (isUndefined(other) || (grouped && !own.rows && own.scores.length !== truth.length)) return null;
  return { own: own.scores, other: other?.scores ?? null, clusters: grouped && clustersOf(grouped, own.rows) };
}

/** What n counts: rows, or groups of rows; a metric without scores of rows looks at all. */
export function counted(scores: Scores | null, { truth, groups }: Rows): Pick<Finding, "n" | "rows"> {
  const rows = scores?.own.length ?? truth.length;
  if (!groups) return { n: rows, rows: null };
  if (scores && !scores.clusters) return { n: rows, rows: truth.length };
  return { n: (scores?.clusters ?? clustersOf(groups)).sizes.length, rows };
}
