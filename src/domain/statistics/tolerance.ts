/** Numbers, or lists of numbers to any depth. */
export type Nested = number | readonly Nested[];

export interface Tolerance {
  /** Relative to the expected number. */
  rtol: number;
  atol: number;
  /** NaN where NaN is expected counts as close. */
  equalNan: boolean;
}

/** The number that is furthest out, as a multiple of what is allowed; `index` leads to it. */
export interface Miss {
  index: readonly number[];
  actual: number;
  expected: number;
  error: number;
  allowed: number;
}

/** How two nested lists of numbers compare. `shape`: where their lengths or depths first disagree. */
export interface Closeness {
  close: boolean;
  shape: readonly number[] | null;
  misses: number;
  worst: Miss | null;
}

function isClose(actual: number, expected: number, { rtol, atol, equalNan }: Tolerance): boolean {
  if (actual === expected) return true;
  if (Number.isNaN(actual) && Number.isNaN(expected)) return equalNan;
  if (!Number.isFinite(actual) || !Number.isFinite(expected)) return false;
  return Math.abs(actual - expected) <= atol + rtol * Math.abs(expected);
}

/** A miss where nothing is allowed, or by a number that is not finite, is beyond every other. */
const ratio = ({ error, allowed }: Miss): number =>
  Number.isFinite(error) ? error / allowed : Number.POSITIVE_INFINITY;

/**
 * Compares as numpy.allclose does: |actual - expected| <= atol + rtol |expected|, the same shape, infinities equal only to
 * themselves.
 */
export function closeness(actual: Nested, expected: Nested, tolerance: Tolerance): Closeness {
  const found: Closeness = { close: true, shape: null, misses: 0, worst: null };
  const visit = (got: Nested, want: Nested, index: readonly number[]): void => {
    if (typeof got === "number" && typeof want === "number") {
      if (isClose(got, want, tolerance)) return;
      const allowed = tolerance.atol + tolerance.rtol * Math.abs(want);
      const miss = { index, actual: got, expected: want, error: Math.abs(got - want), allowed };
      found.misses++;
      if (found.worst === null || ratio(miss) > ratio(found.worst)) found.worst = miss;
    } else if (typeof got === "number" || typeof want === "number" || got.length !== want.length) found.shape ??= index;
    else got.forEach((value, i) => visit(value, want[i]!, [...index, i]));
  };
  visit(actual, expected, []);
  found.close = found.shape === null && found.misses === 0;
  return found;
}
