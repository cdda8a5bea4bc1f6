import type { Arguments } from "../metrics/arguments.ts";
import { labelsOf } from "../metrics/confusion.ts";
import {
  isUndefined,
  type RowMetric,
  type Rows,
  type Statistic,
  statisticOf,
  type Undefined,
} from "../metrics/metric.ts";
import { selectRows } from "../metrics/select.ts";
import { bcaBounds } from "../statistics/bootstrap.ts";
import { type Bounds, without } from "./bounds.ts";

/** A contrast of weighted cells, and the cell of each row. Without equal rows every row is its own cell. */
interface Resampled {
  contrast: (weights: Uint32Array) => number;
  cellOf: ArrayLike<number>;
  cells: number;
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

/** Bias-corrected and accelerated bootstrap (Efron 1987) over rows. Where the contrast is NaN it is undefined. */
export function bootstrapBounds(
  { contrast, cellOf, cells }: Resampled,
  { replicates, seed, confidence }: Resampling,
): Bounds {
  const n = cellOf.length;
  const all = new Uint32Array(cells);
  for (let row = 0; row < n; row++) all[cellOf[row]!]!++;
  const withoutOneOf = new Map<number, number>();
  const weights = new Uint32Array(cells);
  let undefinedSeen = false;
  const measure = (counts: Uint32Array): number => {
    const value = contrast(counts);
    undefinedSeen ||= Number.isNaN(value);
    return value;
  };
  /** The jackknife leaves out one row; rows of one cell are alike, so each cell is measured once. */
  const leaveOut = (cell: number): number => {
    const known = withoutOneOf.get(cell);
    if (known !== undefined) return known;
    weights.set(all);
    weights[cell]!--;
    const value = measure(weights);
    withoutOneOf.set(cell, value);
    return value;
  };
  const statistic = (indices: ArrayLike<number> | null): number => {
    if (indices === null) return measure(all);
    if (indices.length < n) return leaveOut(cellOf[leftOut(indices)]!);
    weights.fill(0);
    for (let i = 0; i < n; i++) weights[cellOf[indices[i]!]!]!++;
    return measure(weights);
  };
  const { lower, upper, degenerate } = bcaBounds({ n, replicates, seed, statistic, confidence });
  const made = { B: replicates, seed };
  if (undefinedSeen) return { ...without("bootstrap-bca", "resample_undefined"), ...made };
  if (degenerate) return { ...without("bootstrap-bca", "degenerate"), ...made };
  return { method: "bootstrap-bca", lower, upper, tail: null, ...made };
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
  const cellOf = Int32Array.from(candidate.truth, (truth, row) => {
    const key = (truth * k + own[row]!) * k + (other?.[row] ?? 0);
    const cell = known.get(key) ?? known.size;
    if (cell === known.size) first.push(row);
    known.set(key, cell);
    return cell;
  });
  return { first: Uint32Array.from(first), cellOf };
}

const number = (value: number | Undefined): number => (isUndefined(value) ? Number.NaN : value);

/** What is resampled: the joint table for metrics of counts, the rows themselves for all others. */
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
  };
}
