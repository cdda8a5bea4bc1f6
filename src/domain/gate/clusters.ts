import { clusteredError, mean } from "../statistics/intervals.ts";
import { normalQuantile, tCdf, tQuantile } from "../statistics/special.ts";
import { type Asked, aboutRate, type Bounds, discordance, made, pairedRateBounds, without } from "./bounds.ts";

/** Scores that belong together: of one user, of one document. */
export interface Clusters {
  /** Cluster of each score, from 0 without gaps. */
  of: Int32Array;
  /** Scores in each cluster. */
  sizes: Float64Array;
}

/** The clusters of some rows, counted anew. `groups`: of every row; `rows`: which of them have a score, null: all. */
export function clustersOf(groups: Int32Array, rows: Uint32Array | null = null): Clusters {
  const known = new Map<number, number>();
  const number = (group: number): number => {
    const cluster = known.get(group) ?? known.size;
    known.set(group, cluster);
    return cluster;
  };
  const of = rows ? Int32Array.from(rows, (row) => number(groups[row]!)) : groups.map(number);
  const sizes = new Float64Array(known.size);
  for (const cluster of of) sizes[cluster]!++;
  return { of, sizes };
}

/** How many clusters of equal size say as much as those that are counted (Kish 1965). */
function equalClusters(sizes: Float64Array, counts: (cluster: number) => boolean): number {
  let [sum, squares] = [0, 0];
  for (const [cluster, size] of sizes.entries())
    if (counts(cluster)) {
      sum += size;
      squares += size * size;
    }
  return sum === 0 ? 0 : (sum * sum) / squares;
}

/** The clusters that hold a score of a kind. */
function holding(scores: Float64Array, { of, sizes }: Clusters, kind: (score: number) => boolean): number {
  const holds = new Uint8Array(sizes.length);
  for (const [index, score] of scores.entries()) if (kind(score)) holds[of[index]!] = 1;
  return equalClusters(sizes, (cluster) => holds[cluster] === 1);
}

/**
 * Degrees of freedom of the cluster-robust variance after Satterthwaite (1946), from the sums of the clusters' residuals: a few
 * clusters that are all wrong among many that are not tell little of how many there are.
 */
function satterthwaite(scores: Float64Array, { of, sizes }: Clusters): number {
  const centre = mean(scores);
  const sums = new Float64Array(sizes.length);
  for (const [index, score] of scores.entries()) sums[of[index]!]! += score - centre;
  let [squares, fourths] = [0, 0];
  for (const sum of sums) {
    squares += sum ** 2;
    fourths += sum ** 4;
  }
  const spread = fourths - squares ** 2 / sums.length;
  return spread > 0 ? (2 * squares ** 2) / spread : sums.length;
}

/** With fewer degrees of freedom nothing is known of how much rows of one cluster are alike. */
const leastFreedom = 9;

/**
 * Independent rows that say as much as these rows in clusters (after Korn and Graubard 1998): the variance of independent
 * rows over the cluster-robust one, made smaller for the uncertainty of the latter. Where too little is known of it each
 * cluster counts as one row. Clusters of one row each are independent rows.
 * @param telling clusters with the rarer outcome.
 */
function effectiveRows(scores: Float64Array, clusters: Clusters, telling: number, confidence: number): number {
  const n = scores.length;
  const centre = mean(scores);
  const independent = mean(scores.map((score) => (score - centre) ** 2));
  const robust = clusteredError(scores, clusters.of) ** 2;
  const seen = robust > 0 ? Math.min(independent / robust, n) : n;
  const each = Math.min(
    seen,
    equalClusters(clusters.sizes, () => true),
  );
  const freedom = Math.min(telling - 1, satterthwaite(scores, clusters));
  if (freedom < leastFreedom) return each;
  const sure = Math.max(confidence, 0.75); // At 50 % both quantiles are 0.
  return Math.max(seen * (normalQuantile(sure) / tQuantile(sure, freedom)) ** 2, each);
}

/** Clopper-Pearson bounds of a rate from 0/1 outcomes in clusters, on their effective number of rows. */
export function clusteredRateBounds(outcomes: Float64Array, clusters: Clusters, asked: Asked): Bounds {
  if (clusters.sizes.length < 2) return without("clopper-pearson-clusters", "min_n");
  const telling = Math.min(
    holding(outcomes, clusters, (score) => score === 1),
    holding(outcomes, clusters, (score) => score === 0),
  );
  const n = effectiveRows(outcomes, clusters, telling, asked.confidence);
  return { ...aboutRate(mean(outcomes) * n, n, asked), method: "clopper-pearson-clusters" };
}

/** Tango's bounds of the difference of two paired rates in clusters, on their effective number of rows. */
export function clusteredPairedRateBounds(
  candidate: Float64Array,
  champion: Float64Array,
  { clusters, ...asked }: Asked & { clusters: Clusters },
): Bounds {
  if (clusters.sizes.length < 2) return without("tango-clusters", "min_n");
  const differences = candidate.map((right, i) => right - champion[i]!);
  const telling = holding(differences, clusters, (difference) => difference !== 0);
  const n = effectiveRows(differences, clusters, telling, asked.confidence);
  const [b, c] = discordance(candidate, champion);
  const scale = n / differences.length;
  return { ...pairedRateBounds([b * scale, c * scale], n, asked), method: "tango-clusters" };
}

/**
 * Student t bounds of the mean of row scores in clusters, with the cluster-robust standard error (Miller 2024) and clusters
 * - 1 degrees of freedom; of clusters of one row each the ordinary t bounds.
 */
export function clusteredMeanBounds(
  scores: Float64Array,
  clusters: Clusters,
  { confidence, bound, low }: Asked,
): Bounds {
  const count = clusters.sizes.length;
  if (count < 2) return without("t-clusters", "min_n");
  const estimate = mean(scores);
  const error = clusteredError(scores, clusters.of) * Math.sqrt(count / (count - 1));
  const step = tQuantile(confidence, count - 1) * error;
  const distance = low ? estimate - bound : bound - estimate;
  const tail = error > 0 ? tCdf(distance / error, count - 1) : distance >= 0 ? 1 : 0;
  return made("t-clusters", estimate - step, estimate + step, tail);
}

/** Clusters with a positive row, and with a negative one. */
export function clustersBySide(positive: Uint8Array, { of, sizes }: Clusters): [number, number] {
  const held = [new Uint8Array(sizes.length), new Uint8Array(sizes.length)];
  for (const [row, side] of positive.entries()) held[side]![of[row]!] = 1;
  const [negatives, positives] = held.map((marks) => marks.reduce((sum, mark) => sum + mark, 0));
  return [positives!, negatives!];
}
