import type { Arguments } from "../metrics/arguments.ts";
import { labelsOf } from "../metrics/confusion.ts";
import {
  isUndefined,
  numbersOf,
  type RowMetric,
  type Rows,
  type Statistic,
  statisticOf,
  type Undefined,
} from "../metrics/metric.ts";
import { selectRows } from "../metrics/select.ts";
import { bcaBounds } from "../statistics/bootstrap.ts";
import { type Bounds, without } from "./bounds.ts";
import { type Clusters, clustersOf } from "./clusters.ts";

/** A contrast of weighted cells, and the cell of each row. Without equal rows every row is its own cell. */
interface Resampled {
  contrast: (weights: Uint32Array) => number;
  cellOf: ArrayLike<number>;
  cells: number;
  /** Rows that are drawn together; null: each row by itself. */
  clusters: Clusters | null;
}

/** How resampling is asked. */
interface Resampling {
  replicates: number;
  seed: string;
  confidence: number;
}

/** The row that ascending indices leave out. */
function leftOut(indices: ArrayLike<number>): number {
  let [low, high] = [0, indices.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (indices[middle] === middle) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** What is drawn: unit u is the cells from starts[u] up to starts[u + 1]. */
interface Units {
  starts: Uint32Array;
  cells: Int32Array;
}

function unitsOf({ cellOf, clusters }: Resampled): Units {
  const rows = cellOf.length;
  if (!clusters)
    return { starts: Uint32Array.from({ length: rows + 1 }, (_, row) => row), cells: Int32Array.from(cellOf) };
  const starts = new Uint32Array(clusters.sizes.length + 1);
  for (const [cluster, size] of clusters.sizes.entries()) starts[cluster + 1] = starts[cluster]! + size;
  const next = starts.slice();
  const cells = new Int32Array(rows);
  for (let row = 0; row < rows; row++) cells[next[clusters.of[row]!]!++] = cellOf[row]!;
  return { starts, cells };
}

/**
 * Bias-corrected and accelerated bootstrap (Efron 1987) over rows, or over clusters of them. Where the contrast is NaN it is
 * undefined.
 */
export function bootstrapBounds(asked: Resampled, { replicates, seed, confidence }: Resampling): Bounds {
  const { contrast, cellOf, cells, clusters } = asked;
  const method = clusters ? "bootstrap-bca-clusters" : "bootstrap-bca";
  const units = unitsOf(asked);
  const n = units.starts.length - 1;
  if (clusters && n < 2) return without(method, "min_n");
  const all = new Uint32Array(cells);
  for (const cell of units.cells) all[cell]!++;
  const withoutOneOf = new Map<number, number>();
  const weights = new Uint32Array(cells);
  let undefinedSeen = false;
  const measure = (counts: Uint32Array): number => {
    const value = contrast(counts);
    undefinedSeen ||= Number.isNaN(value);
    return value;
  };
  const count = (unit: number, by: 1 | -1): void => {
    for (let at = units.starts[unit]!; at < units.starts[unit + 1]!; at++) weights[units.cells[at]!]! += by;
  };
  /** The jackknife leaves out one unit; rows of one cell are alike, so each cell is measured once. */
  const leaveOut = (unit: number): number => {
    const alike = clusters ? unit : cellOf[unit]!;
    const known = withoutOneOf.get(alike);
    if (known !== undefined) return known;
    weights.set(all);
    count(unit, -1);
    const value = measure(weights);
    withoutOneOf.set(alike, value);
    return value;
  };
  const statistic = (indices: ArrayLike<number> | null): number => {
    if (indices === null) return measure(all);
    if (indices.length < n) return leaveOut(leftOut(indices));
    weights.fill(0);
    // Rows by themselves are the usual case, and half as fast by way of ranges of one.
    if (!clusters) for (let i = 0; i < n; i++) weights[cellOf[indices[i]!]!]!++;
    else for (let i = 0; i < n; i++) count(indices[i]!, 1);
    return measure(weights);
  };
  const { lower, upper, degenerate } = bcaBounds({ n, replicates, seed, statistic, confidence });
  const made = { B: replicates, seed };
  if (undefinedSeen) return { ...without(method, "resample_undefined"), ...made };
  if (degenerate) return { ...without(method, "degenerate"), ...made };
  return { method, lower, upper, tail: null, ...made };
}

/** A metric, and how many times the reference's value is taken from the candidate's. */
interface Contrast {
  metric: RowMetric;
  args: Arguments;
  mul: number;
}

/** One row for each cell of the joint table of truth and predicted labels, and the cell of each row. */
function jointTable(
  candidate: Rows,
  champion: Rows | null,
  args: Arguments,
): { first: Uint32Array; cellOf: Int32Array } | null {
  const [own, other] = [labelsOf(candidate, args), champion && labelsOf(champion, args)];
  if (isUndefined(own) || isUndefined(other)) return null;
  const k = candidate.classes.length;
  const known = new Map<number, number>();
  const first: number[] = [];
  const cellOf = Int32Array.from(numbersOf(candidate), (truth, row) => {
    const key = (truth * k + own[row]!) * k + (other?.[row] ?? 0);
    const cell = known.get(key) ?? known.size;
    if (cell === known.size) first.push(row);
    known.set(key, cell);
    return cell;
  });
  return { first: Uint32Array.from(first), cellOf };
}

const number = (value: number | Undefined): number => (isUndefined(value) ? Number.NaN : value);

/** What is resampled: the joint table for metrics of counts, the rows themselves for all others; grouped rows together. */
export function resampled(candidate: Rows, champion: Rows | null, { metric, args, mul }: Contrast): Resampled | null {
  const table = metric.counts ? jointTable(candidate, champion, args) : null;
  const prepare = (rows: Rows): Statistic | Undefined =>
    statisticOf(metric, table ? selectRows(rows, table.first) : rows, args);
  const [own, other] = [prepare(candidate), champion && prepare(champion)];
  if (isUndefined(own) || isUndefined(other)) return null;
  const n = candidate.truth.length;
  return {
    contrast: (weights) => number(own(weights)) - (other ? mul * number(other(weights)) : 0),
    cellOf: table?.cellOf ?? Int32Array.from({ length: n }, (_, row) => row),
    cells: table?.first.length ?? n,
    clusters: candidate.groups && clustersOf(candidate.groups),
  };
}
