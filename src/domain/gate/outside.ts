import type { RowMetric, RowScores, Rows } from "../metrics/metric.ts";
import { meanMetric } from "../metrics/probabilities.ts";
import { selectAnswers } from "../metrics/select.ts";
import type { Answers, Observations } from "../observations/observations.ts";
import { limitsOf } from "../outside/declared.ts";
import { formatJudge, isSameJudge } from "../outside/judge.ts";
import { isMissing, type Measured, type OutsideMetric, type Unmeasured } from "../outside/measured.ts";
import { settling } from "./needs.ts";
import { outsideName, type ParsedCheck } from "./parse.ts";
import { boundOf, factor, type Subject } from "./question.ts";
import { blank, type Finding } from "./result.ts";
import { holds, lowIsBad, withBounds } from "./rule.ts";
import { statedBounds } from "./stated.ts";

/** Rows that a check looks at, and the metric they are looked at with. */
export interface Seen {
  metric: RowMetric;
  subject: Subject;
  slices: Observations["slices"];
}

/** A finding that needs no rows; `said` is what is told instead of the reason's own words. */
export interface Told {
  finding: Finding;
  said: string | null;
}

const told = (reason: string, said: string | null = null): Told => ({ finding: { ...blank, reason }, said });

/** What is told where a source gave no number. */
const unmeasured = (whose: string, { missing, inconclusive }: Unmeasured): Told => ({
  finding: { ...blank, status: inconclusive ? "inconclusive" : "error", reason: "not_reported" },
  said: `${whose} was not measured: ${missing}.`,
});

/** Scores as the answers of a task that has a number per row: whatever judges rows judges them, too. */
const answersOf = (scores: Measured["scores"] & {}): Answers => ({
  task: "regression",
  values: Float64Array.from(scores, (score) => score ?? Number.NaN),
});

const scoresOf = ({ answers }: Rows): RowScores => ({
  scores: answers.task === "regression" ? answers.values : new Float64Array(),
  pairable: true,
});

/** The mean of scores; of a share whose scores are all 0 or 1 a rate, because a spread of 0 says little about a rate. */
function metricOf(metric: OutsideMetric, scores: readonly (number | null)[]): RowMetric {
  const rate = metric.unit === "ratio" && scores.every((score) => score === null || score === 0 || score === 1);
  return {
    kind: "rows",
    tasks: ["regression"],
    args: {},
    counts: false,
    unit: metric.unit,
    direction: metric.direction,
    range: limitsOf(metric),
    prepare: meanMetric(scoresOf),
    bound: { kind: rate ? "binomial" : "mean", scores: scoresOf },
  };
}

/** A comparison of values, with a confidence where their standard errors are stated. */
function byValues(check: ParsedCheck, candidate: Measured, champion: Measured | null): Told {
  const { confidence, min, op } = check;
  const [ref, mul, bound] = [champion && champion.value, factor(check), boundOf(check)];
  const estimate = candidate.value - mul * (ref ?? 0);
  const n = candidate.n ?? null;
  const finding: Finding = { ...blank, value: candidate.value, ref, estimate, bound, n };
  const of = (found: Partial<Finding>): Told => ({ finding: { ...finding, ...found }, said: null });
  const asked = confidence === null ? null : { confidence, bound, low: lowIsBad(op) };
  const bounds = asked && statedBounds(candidate, champion, mul, asked);
  if (check.by.length > 0 || (asked && !bounds) || (min !== null && n === null)) return told("no_row_scores");
  if (mul !== 1 && ref !== null && ref <= 0)
    return of({ reason: "relative_to_nonpositive", method: asked ? null : "point" });
  const least = min ?? (asked ? 30 : 1);
  const few = n !== null && n < least && ({ status: "inconclusive", reason: "min_n", needsN: least } as const);
  if (!bounds) return of({ method: "point", status: holds(op, estimate, bound) ? "pass" : "fail", ...few });
  const { undefined: missing, ...made } = bounds;
  if (missing !== undefined) return of({ ...made, status: "inconclusive", reason: missing, ...few });
  const judged: Finding = { ...finding, ...made, status: withBounds(op, bound, made) };
  const needsN = judged.status === "inconclusive" ? (settling(judged, check)?.rows ?? null) : null;
  return of({ ...judged, needsN, ...few });
}

/** Rows in which both models have a score. */
function bothScored(candidate: readonly (number | null)[], champion: readonly (number | null)[] | null): Uint32Array {
  const rows = [...candidate.keys()];
  return Uint32Array.from(rows.filter((row) => candidate[row] !== null && champion?.[row] !== null));
}

/** Whether a bound is of the metric's kind: times and sizes are no plain numbers. */
const isUnitOf = ({ unit }: OutsideMetric, { right }: ParsedCheck): boolean =>
  right.kind === "ref" || (["ms", "bytes"] as const).every((kind) => (unit === kind) === (right.unit === kind));

/** What a check on a metric from outside looks at: the rows that were scored, or where there are none the values. */
export function seenOutside(
  metric: OutsideMetric,
  check: ParsedCheck,
  observed: Observations,
  groups: Int32Array | null,
): Seen | Told {
  const { candidate } = metric;
  const champion = check.right.kind === "ref" ? metric.champion : null;
  if (lowIsBad(check.op) !== (metric.direction === "higher") || !isUnitOf(metric, check))
    return told("declared_otherwise");
  if (isMissing(candidate)) return unmeasured(outsideName(check), candidate);
  if (check.right.kind === "ref" && champion === null) return told("champion_unavailable");
  if (champion && isMissing(champion)) return unmeasured(`${outsideName(check)} of the champion`, champion);
  if (champion && !isSameJudge(candidate.judge, champion.judge))
    return told(
      "judge_differs",
      `${outsideName(check)} of the candidate is by ${formatJudge(candidate.judge)}, and of the champion by ${formatJudge(champion.judge)}.`,
    );
  const [own, other] = [candidate.scores, champion?.scores ?? null];
  if (own === null || (champion && other === null)) return byValues(check, candidate, champion);
  const whole = observed.truth.length === own.length;
  if ((other && other.length !== own.length) || (!whole && (groups || check.by.length > 0)))
    return told("rows_left_out");
  const rows = bothScored(own, other);
  const picked = (values: readonly string[]): string[] => Array.from(rows, (row) => values[row]!);
  return {
    metric: metricOf(metric, [...own, ...(other ?? [])]),
    subject: {
      truth: new Float64Array(rows.length),
      classes: [],
      groups: groups && Int32Array.from(rows, (row) => groups[row]!),
      candidate: selectAnswers(answersOf(own), rows),
      champion: other && selectAnswers(answersOf(other), rows),
    },
    slices: whole
      ? Object.fromEntries(Object.entries(observed.slices).map(([name, values]) => [name, picked(values)]))
      : {},
  };
}
