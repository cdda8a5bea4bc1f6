import { mean, variance } from "./intervals.ts";

/** An area under the ROC curve and how each row moves it: the placements of positives and of negatives. */
interface Placements {
  auc: number;
  positive: Float64Array;
  negative: Float64Array;
}

/** For each value the share of `others` below it, ties half: mid-ranks of both groups less those within the group. */
function placed(values: Float64Array, others: Float64Array): Float64Array {
  const order = others.toSorted();
  const countBelow = (value: number, orEqual: boolean): number => {
    let [low, high] = [0, order.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (order[middle]! < value || (orEqual && order[middle] === value)) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  return values.map((value) => (countBelow(value, false) + countBelow(value, true)) / (2 * order.length));
}

function placements(truth: ArrayLike<number>, scores: Float64Array): Placements {
  const positives = scores.filter((_, i) => truth[i] === 1);
  const negatives = scores.filter((_, i) => truth[i] !== 1);
  const positive = placed(positives, negatives);
  const negative = placed(negatives, positives).map((share) => 1 - share);
  return { auc: mean(positive), positive, negative };
}

const less = (a: Float64Array, b: Float64Array): Float64Array => a.map((value, i) => value - b[i]!);

const varianceOf = ({ positive, negative }: Pick<Placements, "positive" | "negative">): number =>
  variance(positive) / positive.length + variance(negative) / negative.length;

/**
 * Area under the ROC curve, ties half, with DeLong's variance (1988) by mid-ranks as in Sun and Xu 2014, O(n log n).
 * @param truth 1 for a positive row; NaN results when a class has no row, a NaN variance when it has one
 */
export function delong(truth: ArrayLike<number>, scores: Float64Array): { auc: number; variance: number } {
  const own = placements(truth, scores);
  return { auc: own.auc, variance: varianceOf(own) };
}

/**
 * Two areas over the same rows: candidate - champion, its DeLong variance, and what that is made of.
 * @param truth 1 for a positive row
 */
export function delongPaired(
  truth: ArrayLike<number>,
  candidate: Float64Array,
  champion: Float64Array,
): {
  auc: [number, number];
  difference: number;
  variance: number;
  variances: [number, number];
  covariance: number;
} {
  const [own, other] = [placements(truth, candidate), placements(truth, champion)];
  const differenceVariance = varianceOf({
    positive: less(own.positive, other.positive),
    negative: less(own.negative, other.negative),
  });
  const variances: [number, number] = [varianceOf(own), varianceOf(other)];
  return {
    auc: [own.auc, other.auc],
    difference: own.auc - other.auc,
    variance: differenceVariance,
    variances,
    covariance: (variances[0] + variances[1] - differenceVariance) / 2,
  };
}

/** Bounds of an area `reach` standard errors away on the logit scale, which keeps them inside 0 and 1. */
export function logitBounds(
  { auc, variance: square }: { auc: number; variance: number },
  reach: number,
): [number, number] {
  const logit = Math.log(auc / (1 - auc));
  const step = (reach * Math.sqrt(square)) / (auc * (1 - auc));
  return [1 / (1 + Math.exp(step - logit)), 1 / (1 + Math.exp(-step - logit))];
}
