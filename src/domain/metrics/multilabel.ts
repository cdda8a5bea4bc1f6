import type { ArgumentRule, Arguments } from "./arguments.ts";
import { type RowMetric, type RowScores, type Rows, type Statistic, type Undefined } from "./metric.ts";
import { meanMetric } from "./probabilities.ts";
import { areaOf, averagePrecisionOf, orderOf } from "./ranking.ts";

/** Several labels a row: what is right, what was predicted, and scores; each a list of rows with an entry per class. */
interface Marked {
  truth: readonly Uint8Array[];
  labels: readonly Uint8Array[];
  scores: readonly Float64Array[] | null;
}

function markedOf({ truth, answers }: Rows): Marked {
  if (answers.task !== "multilabel") throw new TypeError(`${answers.task} answers have no marks`);
  return { ...answers, truth: truth as readonly Uint8Array[] };
}

const ratio = (part: number, whole: number): number => (whole === 0 ? 0 : part / whole);

/** True positives, predicted and actual positives: of a row, of a class, or of all. */
interface Counts {
  hits: number;
  predicted: number;
  actual: number;
}

type Share = (counts: Counts) => number;

/** A share of counts; nothing of nothing is 0, as in scikit-learn. */
const shares = {
  precision: ({ hits, predicted }: Counts) => ratio(hits, predicted),
  recall: ({ hits, actual }: Counts) => ratio(hits, actual),
  f1: ({ hits, predicted, actual }: Counts) => ratio(2 * hits, predicted + actual),
  jaccard: ({ hits, predicted, actual }: Counts) => ratio(hits, predicted + actual - hits),
} satisfies Record<string, Share>;

function countsOfRow(truth: Uint8Array, labels: Uint8Array): Counts {
  const counts = { hits: 0, predicted: 0, actual: 0 };
  for (let index = 0; index < truth.length; index++) {
    counts.hits += truth[index]! & labels[index]!;
    counts.predicted += labels[index]!;
    counts.actual += truth[index]!;
  }
  return counts;
}

/** A score per row. */
const perRow =
  (score: (truth: Uint8Array, labels: Uint8Array) => number) =>
  (rows: Rows): RowScores => {
    const { truth, labels } = markedOf(rows);
    return { scores: Float64Array.from(truth, (row, index) => score(row, labels[index]!)), pairable: true };
  };

const exactScores = perRow((truth, labels) => (truth.every((mark, index) => mark === labels[index]) ? 1 : 0));
const hammingScores = perRow(
  (truth, labels) =>
    truth.reduce((wrong, mark, index) => wrong + (mark === labels[index] ? 0 : 1), 0) / Math.max(truth.length, 1),
);
const sampleScores = (share: Share) => perRow((truth, labels) => share(countsOfRow(truth, labels)));

/** The classes that are right or predicted in each row: those of row r stand from starts[r] up to starts[r + 1]. */
interface Occurrences {
  starts: Uint32Array;
  classes: Uint32Array;
  actual: Uint8Array;
  predicted: Uint8Array;
}

/** Most marks of a row are 0; a resample that walks only the others is many times as fast. */
function occurrencesOf({ truth, labels }: Marked): Occurrences {
  const starts = new Uint32Array(truth.length + 1);
  const classes: number[] = [];
  const actual: number[] = [];
  const predicted: number[] = [];
  for (let row = 0; row < truth.length; row++) {
    for (let index = 0; index < truth[row]!.length; index++) {
      if ((truth[row]![index]! | labels[row]![index]!) === 0) continue;
      classes.push(index);
      actual.push(truth[row]![index]!);
      predicted.push(labels[row]![index]!);
    }
    starts[row + 1] = classes.length;
  }
  return {
    starts,
    classes: Uint32Array.from(classes),
    actual: Uint8Array.from(actual),
    predicted: Uint8Array.from(predicted),
  };
}

/** Counts of each class. */
function countsOfClasses(occurrences: Occurrences, many: number, weights: Uint32Array): Counts[] {
  const { starts, classes, actual, predicted } = occurrences;
  const [hits, said, right] = [new Float64Array(many), new Float64Array(many), new Float64Array(many)];
  for (let row = 0; row < weights.length; row++) {
    const weight = weights[row]!;
    if (weight === 0) continue;
    for (let at = starts[row]!; at < starts[row + 1]!; at++) {
      const index = classes[at]!;
      hits[index]! += weight * (actual[at]! & predicted[at]!);
      said[index]! += weight * predicted[at]!;
      right[index]! += weight * actual[at]!;
    }
  }
  return Array.from(hits, (of, index) => ({ hits: of, predicted: said[index]!, actual: right[index]! }));
}

const total = (counts: readonly Counts[]): Counts =>
  counts.reduce((sum, { hits, predicted, actual }) => ({
    hits: sum.hits + hits,
    predicted: sum.predicted + predicted,
    actual: sum.actual + actual,
  }));

/** A share over classes: of one class, or their mean (`macro`), the mean by support (`weighted`), or of all counts (`micro`). */
function overClasses(share: Share, counts: readonly Counts[], args: Arguments, only: number): number {
  if (only >= 0) return share(counts[only]!);
  if (args.average === "micro") return share(total(counts));
  const weightOf = ({ actual }: Counts): number => (args.average === "weighted" ? actual : 1);
  const sum = counts.reduce((all, count) => all + weightOf(count) * share(count), 0);
  return ratio(
    sum,
    counts.reduce((all, count) => all + weightOf(count), 0),
  );
}

const averaged =
  (share: Share) =>
  (rows: Rows, args: Arguments): Statistic | Undefined => {
    if (args.average === "samples") return meanMetric(sampleScores(share))(rows, args);
    const occurrences = occurrencesOf(markedOf(rows));
    const only = args.class === undefined ? -1 : rows.classes.indexOf(args.class);
    return (weights) => overClasses(share, countsOfClasses(occurrences, rows.classes.length, weights), args, only);
  };

/** The mean over classes of a measure of how a class's scores order the rows. Sorted once, so that a resample is a walk. */
const ordered =
  (measure: typeof areaOf, missing: string) =>
  (rows: Rows): Statistic | Undefined => {
    const { truth, scores } = markedOf(rows);
    if (!scores) return { undefined: "no_scores" };
    const each = rows.classes.map((_, index) => ({
      order: orderOf(scores.map((row) => row[index]!)),
      side: Int8Array.from(truth, (row) => row[index]!),
    }));
    return (weights) => {
      let sum = 0;
      for (const { order, side } of each) {
        const value = measure(order, side, weights);
        if (value === null) return { undefined: missing };
        sum += value;
      }
      return sum / each.length;
    };
  };

/** For each right class the share of right ones among those that score as high or higher; 1 where all or none is right. */
function rankingPrecision(truth: Uint8Array, scores: Float64Array): number {
  const right = [...truth.keys()].filter((index) => truth[index] === 1);
  if (right.length === 0 || right.length === truth.length) return 1;
  const atLeast = (among: readonly number[], score: number): number =>
    among.filter((index) => scores[index]! >= score).length;
  const all = [...truth.keys()];
  const sum = right.reduce((so, index) => so + atLeast(right, scores[index]!) / atLeast(all, scores[index]!), 0);
  return sum / right.length;
}

function rankingScores(rows: Rows): RowScores | Undefined {
  const { truth, scores } = markedOf(rows);
  if (!scores) return { undefined: "no_scores" };
  return {
    scores: Float64Array.from(truth, (row, index) => rankingPrecision(row, scores[index]!)),
    pairable: true,
  };
}

const average: ArgumentRule = { kind: "choice", of: ["macro", "micro", "weighted", "samples"] };
const ofClass = { class: { kind: "class" }, average } as const;
const higher = { unit: "ratio", direction: "higher", range: [0, 1] } as const;
const score = { unit: "score", direction: "higher", range: [0, 1] } as const;

type Line = Pick<RowMetric, "prepare" | "bound" | "unit" | "direction" | "range"> & Partial<Pick<RowMetric, "args">>;
const metric = (line: Line): RowMetric => ({ kind: "rows", tasks: ["multilabel"], args: {}, counts: false, ...line });

/** A share by classes or rows: averaged over rows it is a mean of row scores, else it is resampled. */
const share = (of: Share): RowMetric =>
  metric({
    ...higher,
    args: ofClass,
    prepare: averaged(of),
    bound: { kind: "mean", scores: (rows, args) => (args.average === "samples" ? sampleScores(of)(rows) : null) },
  });
const mean = (
  scores: (rows: Rows) => RowScores | Undefined,
  kind: "mean" | "binomial",
  line: typeof higher | typeof score,
) => metric({ ...line, prepare: meanMetric(scores), bound: { kind, scores } });

/** Metrics of rows with several labels each. Definitions are scikit-learn's, with zero_division 0. */
export const multilabelMetrics: Readonly<Record<string, RowMetric>> = {
  subset_accuracy: mean(exactScores, "binomial", higher),
  hamming_loss: metric({
    ...{ unit: "ratio", direction: "lower", range: [0, 1] },
    prepare: meanMetric(hammingScores),
    bound: { kind: "mean", scores: hammingScores },
  }),
  precision: share(shares.precision),
  recall: share(shares.recall),
  f1: share(shares.f1),
  jaccard: mean(sampleScores(shares.jaccard), "mean", higher),
  roc_auc_macro: metric({ ...score, prepare: ordered(areaOf, "single_class"), bound: { kind: "bootstrap" } }),
  pr_auc_macro: metric({ ...score, prepare: ordered(averagePrecisionOf, "no_positive"), bound: { kind: "bootstrap" } }),
  lrap: mean(rankingScores, "mean", score),
};
