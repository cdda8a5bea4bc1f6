import { compute, isUndefined, type RowMetric, type Rows } from "../metrics/metric.ts";
import type { Answers } from "../observations/observations.ts";
import {
  type Asked,
  aucBounds,
  type Bounds,
  discordance,
  meanBounds,
  pairedAucBounds,
  pairedRateBounds,
  rateBounds,
  without,
} from "./bounds.ts";
import { settling } from "./needs.ts";
import type { ParsedCheck } from "./parse.ts";
import { bootstrapBounds, resampled } from "./resample.ts";
import { blank, type Finding } from "./result.ts";
import { holds, lowIsBad, withBounds } from "./rule.ts";

/** The rows a check looks at. `champion` is null when the check compares with a number. */
export interface Subject {
  truth: Float64Array;
  classes: readonly string[];
  candidate: Answers;
  champion: Answers | null;
}

/** A metric and how it is asked. */
export interface Question {
  metric: RowMetric;
  check: ParsedCheck;
  /** Least number of rows that count. */
  least: number;
  confidence: number | null;
  seed: string;
  replicates: number;
}

/** The factor of the reference in the contrast: 0 when the check compares with a number. */
const factor = ({ right }: ParsedCheck): number => (right.kind === "ref" ? right.mul : 0);
const boundOf = ({ right }: ParsedCheck): number => (right.kind === "ref" ? right.off : right.value);

/** What the bounds are made from. */
interface Material {
  candidate: Rows;
  champion: Rows | null;
  /** Row scores whose mean the metric is; of the champion too when the same rows count. */
  scores: { own: Float64Array; other: Float64Array | null } | null;
}

/** Row scores of sound rows, or null when the metric, asked like this, is no mean over rows that models share. */
function scoresOf({ metric, check }: Question, candidate: Rows, champion: Rows | null): Material["scores"] {
  if (metric.bound.kind !== "binomial" && metric.bound.kind !== "mean") return null;
  const own = metric.bound.scores(candidate, check.args);
  if (own === null || isUndefined(own) || (champion && !own.pairable)) return null;
  const other = champion && metric.bound.scores(champion, check.args);
  return isUndefined(other) ? null : { own: own.scores, other: other?.scores ?? null };
}

/** Bounds of the contrast by the finest method the metric allows. */
function boundsOf(question: Question, material: Material, asked: Asked): Bounds {
  const { metric, check } = question;
  const { candidate, champion, scores } = material;
  const mul = factor(check);
  if (scores) {
    const zeroOne = metric.bound.kind === "binomial";
    if (!scores.other) return zeroOne ? rateBounds(scores.own, asked) : meanBounds(scores.own, asked);
    if (zeroOne && mul === 1) return pairedRateBounds(discordance(scores.own, scores.other), scores.own.length, asked);
    return meanBounds(
      scores.own.map((score, i) => score - mul * scores.other![i]!),
      asked,
    );
  }
  if (metric.bound.kind === "auc") {
    const own = metric.bound.ranking(candidate, check.args);
    const other = champion && metric.bound.ranking(champion, check.args);
    if (own && other)
      return pairedAucBounds(own.positive, { candidate: own.scores, champion: other.scores, mul }, asked);
    if (own && !champion) return aucBounds(own.positive, own.scores, asked);
  }
  const rows = resampled(candidate, champion, { metric, args: check.args, mul });
  const { replicates, seed } = question;
  return rows ? bootstrapBounds(rows, { replicates, seed, confidence: asked.confidence }) : without(null, "no_bound");
}

/** The value of the candidate, of the reference, and their contrast; or why one of them does not exist. */
function valuesOf({ metric, check }: Question, candidate: Rows, champion: Rows | null) {
  const value = compute(metric, candidate, check.args);
  const ref = champion && compute(metric, champion, check.args);
  if (isUndefined(value)) return { reason: value.undefined, value: null, ref: null, estimate: null };
  if (isUndefined(ref)) return { reason: ref.undefined, value, ref: null, estimate: null };
  return { reason: null, value, ref, estimate: ref === null ? value : value - factor(check) * ref };
}

/** Judges one comparison on one set of rows: the decision rule of the gate. */
export function judgeRows(question: Question, { truth, classes, ...answers }: Subject): Finding {
  const { metric, check, confidence } = question;
  const candidate: Rows = { truth, classes, answers: answers.candidate };
  const champion: Rows | null = answers.champion && { truth, classes, answers: answers.champion };
  const { reason, ...values } = valuesOf(question, candidate, champion);
  const finding: Finding = { ...blank, ...values, bound: boundOf(check), n: truth.length };
  if (values.estimate === null) return { ...finding, status: "inconclusive", reason };
  const scores = scoresOf(question, candidate, champion);
  if (scores) finding.n = scores.own.length;
  if (metric.bound.kind === "binomial" && factor(check) === 1 && scores?.other)
    finding.discordant = discordance(scores.own, scores.other);
  if (confidence === null) finding.method = "point";
  if (factor(check) !== 1 && values.ref !== null && values.ref <= 0)
    return { ...finding, reason: "relative_to_nonpositive" };
  return ifEnough(
    confidence === null ? byPoint(finding, check) : byBounds(finding, question, { candidate, champion, scores }),
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
  if (missing !== undefined) return { ...judged, status: "inconclusive", reason: missing };
  const status = withBounds(check.op, asked.bound, judged);
  return { ...judged, status, needsN: status === "inconclusive" ? (settling(judged, check)?.rows ?? null) : null };
}

/** Under the least number of rows nothing is judged, whatever the numbers say. */
function ifEnough(finding: Finding, { least }: Question): Finding {
  const unjudged = finding.reason !== null || finding.n! >= least;
  return unjudged ? finding : { ...finding, status: "inconclusive", reason: "min_n", needsN: least };
}
