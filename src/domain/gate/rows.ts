import { compute, isUndefined } from "../metrics/metric.ts";
import {
  type Asked,
  aucBounds,
  type Bounds,
  discordance,
  leastPerClass,
  meanBounds,
  pairedAucBounds,
  pairedRateBounds,
  rateBounds,
  without,
} from "./bounds.ts";
import {
  clusteredMeanBounds,
  clusteredPairedRateBounds,
  clusteredRateBounds,
  clustersBySide,
  clustersOf,
} from "./clusters.ts";
import { settling } from "./needs.ts";
import type { ParsedCheck } from "./parse.ts";
import { boundOf, factor, type Question, type Sides, type Subject, sidesOf } from "./question.ts";
import { bootstrapBounds, resampled } from "./resample.ts";
import { blank, type Finding } from "./result.ts";
import { holds, lowIsBad, withBounds } from "./rule.ts";
import { counted, type Scores, scoresOf } from "./scores.ts";

/** What the bounds are made from. */
interface Material extends Sides {
  /** Row scores whose mean the metric is; of the champion too when the same rows count. */
  scores: Scores | null;
}

/** Bounds of the mean of row scores, or of their paired differences. */
function scoreBounds(zeroOne: boolean, mul: number, { own, other, clusters }: Scores, asked: Asked): Bounds {
  if (zeroOne && !other) return clusters ? clusteredRateBounds(own, clusters, asked) : rateBounds(own, asked);
  if (zeroOne && mul === 1)
    return clusters
      ? clusteredPairedRateBounds(own, other!, { ...asked, clusters })
      : pairedRateBounds(discordance(own, other!), own.length, asked);
  const contrast = other ? own.map((score, i) => score - mul * other[i]!) : own;
  return clusters ? clusteredMeanBounds(contrast, clusters, asked) : meanBounds(contrast, asked);
}

/** Bounds of an area under the ROC curve; null where rows must be resampled. */
function areaBounds({ metric, check }: Question, { candidate, champion }: Material, asked: Asked): Bounds | null {
  if (metric.bound.kind !== "auc") return null;
  const own = metric.bound.ranking(candidate, check.args);
  const other = champion && metric.bound.ranking(champion, check.args);
  if (!own || (champion && !other)) return null;
  if (candidate.groups) return fewOfASide(own.positive, candidate.groups) ? without(null, "min_per_class") : null;
  if (!other) return aucBounds(own.positive, own.scores, asked);
  return pairedAucBounds(own.positive, { candidate: own.scores, champion: other.scores, mul: factor(check) }, asked);
}

/** Whether the groups with a positive row, or with a negative one, are fewer than an area is judged on. */
const fewOfASide = (positive: Uint8Array, groups: Int32Array): boolean =>
  clustersBySide(positive, clustersOf(groups)).some((count) => count < leastPerClass);

/** Bounds of the contrast by the finest method the metric allows. */
function boundsOf(question: Question, material: Material, asked: Asked): Bounds {
  const { metric, check, replicates, seed } = question;
  const { candidate, champion, scores } = material;
  const mul = factor(check);
  if (scores) return scoreBounds(metric.bound.kind === "binomial", mul, scores, asked);
  const area = areaBounds(question, material, asked);
  if (area) return area;
  const rows = resampled(candidate, champion, { metric, args: check.args, mul });
  return rows ? bootstrapBounds(rows, { replicates, seed, confidence: asked.confidence }) : without(null, "no_bound");
}

/** The value of the candidate, of the reference, and their contrast; or why one of them does not exist. */
function valuesOf({ metric, check }: Question, { candidate, champion }: Sides) {
  const value = compute(metric, candidate, check.args);
  const ref = champion && compute(metric, champion, check.args);
  if (isUndefined(value)) return { reason: value.undefined, value: null, ref: null, estimate: null };
  if (isUndefined(ref)) return { reason: ref.undefined, value, ref: null, estimate: null };
  return { reason: null, value, ref, estimate: ref === null ? value : value - factor(check) * ref };
}

/** Judges one comparison on one set of rows: the decision rule of the gate. */
export function judgeRows(question: Question, subject: Subject): Finding {
  const { metric, check, confidence } = question;
  const sides = sidesOf(subject);
  const { candidate } = sides;
  const { reason, ...values } = valuesOf(question, sides);
  const finding: Finding = { ...blank, ...values, bound: boundOf(check), ...counted(null, candidate) };
  if (values.estimate === null) return { ...finding, status: "inconclusive", reason };
  const scores = scoresOf(question, sides);
  Object.assign(finding, counted(scores, candidate));
  if (metric.bound.kind === "binomial" && factor(check) === 1 && scores?.other)
    finding.discordant = discordance(scores.own, scores.other);
  if (confidence === null) finding.method = "point";
  if (factor(check) !== 1 && values.ref !== null && values.ref <= 0)
    return { ...finding, reason: "relative_to_nonpositive" };
  return ifEnough(
    confidence === null ? byPoint(finding, check) : byBounds(finding, question, { ...sides, scores }),
    question,
  );
}

const byPoint = (finding: Finding, { op }: ParsedCheck): Finding => ({
  ...finding,
  status: holds(op, finding.estimate!, finding.bound!) ? "pass" : "fail",
});

function byBounds(finding: Finding, question: Question, material: Material): Finding {
  const { metric, check, confidence } = question;
  if (metric.bound.kind === "none") return { ...finding, reason: "no_bound" };
  if (finding.n === 0) return finding;
  const asked = { confidence: confidence!, bound: finding.bound!, low: lowIsBad(check.op) };
  const { undefined: missing, ...bounds } = boundsOf(question, material, asked);
  const judged: Finding = { ...finding, ...bounds };
  if (missing === "min_n")
    return { ...judged, status: "inconclusive", reason: missing, needsN: Math.max(2, question.least) };
  if (missing !== undefined) return { ...judged, status: "inconclusive", reason: missing };
  const status = withBounds(check.op, asked.bound, judged);
  return { ...judged, status, needsN: status === "inconclusive" ? (settling(judged, check)?.rows ?? null) : null };
}

/** Under the least number of rows nothing is judged, whatever the numbers say. */
function ifEnough(finding: Finding, { least }: Question): Finding {
  const broken = finding.status === "error" && finding.reason !== null;
  return broken || finding.n! >= least
    ? finding
    : { ...finding, status: "inconclusive", reason: "min_n", needsN: least };
}
