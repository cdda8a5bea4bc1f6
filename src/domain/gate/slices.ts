import { selectAnswers } from "../metrics/select.ts";
import { holm } from "../statistics/multiplicity.ts";
import { blank, type Finding, type Slices } from "./result.ts";
import { judgeRows, type Question, type Subject } from "./rows.ts";
import { withBounds } from "./rule.ts";

const most = 50;

/** Rows of each slice: one per combination of the columns' values, in order of name. */
function rowsBySlice(columns: readonly (readonly string[])[]): Map<string, Uint32Array> {
  const rows = new Map<string, number[]>();
  for (let row = 0; row < columns[0]!.length; row++) {
    const name = columns.map((values) => values[row]).join(" / ");
    const known = rows.get(name);
    if (known) known.push(row);
    else rows.set(name, [row]);
  }
  return new Map(
    [...rows].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([name, list]) => [name, Uint32Array.from(list)]),
  );
}

/** A slice and what was found on it. */
interface Judged {
  name: string;
  question: Question;
  subject: Subject;
  finding: Finding;
}

/** Whether each slice fails after Holm's correction over the slices; resampled bounds are made anew at 1 - alpha/K. */
function corrected(
  judged: readonly Judged[],
  confidence: number | null,
): { adjusted: number | null; failed: boolean }[] {
  if (confidence === null) return judged.map(({ finding }) => ({ adjusted: null, failed: finding.status === "fail" }));
  const tails = judged.flatMap(({ finding }) => (finding.tail === null ? [] : [finding.tail]));
  const adjustedTails = [...holm(tails)];
  return judged.map(({ question, subject, finding }) => {
    if (finding.tail !== null) {
      const adjusted = adjustedTails.shift()!;
      return { adjusted, failed: adjusted <= 1 - confidence };
    }
    if (finding.status !== "fail") return { adjusted: null, failed: false };
    const stricter = judgeRows({ ...question, confidence: 1 - (1 - confidence) / judged.length }, subject);
    return { adjusted: null, failed: withBounds(question.check.op, finding.bound!, stricter) === "fail" };
  });
}

/** The status of all: every judged slice must pass (an intersection-union test, no correction); one sure failure fails. */
function combined(slices: Slices): Pick<Finding, "status" | "reason"> {
  const { judged } = slices;
  if (judged.length === 0) return { status: "inconclusive", reason: "no_slice_judged" };
  if (judged.some(({ failed }) => failed)) return { status: "fail", reason: null };
  const broken = judged.find(({ status }) => status === "error");
  if (broken) return { status: "error", reason: broken.reason };
  if (judged.every(({ status }) => status === "pass")) return { status: "pass", reason: null };
  return { status: "inconclusive", reason: "slices_not_shown" };
}

/**
 * Judges a check slice by slice. A slice with fewer than `[min]` rows, or in which too few rows count for the metric, is
 * listed and not judged.
 */
export function judgeSlices(
  question: Question,
  subject: Subject,
  columns: readonly (readonly string[])[],
): Finding & { slices: Slices | null } {
  const slices = rowsBySlice(columns);
  if (slices.size > most) return { ...blank, reason: "too_many_slices", slices: null };
  const floor = question.check.min ?? question.least;
  const small: { name: string; n: number }[] = [];
  const judged: Judged[] = [];
  for (const [name, rows] of slices) {
    const part: Subject = {
      classes: subject.classes,
      truth: Float64Array.from(rows, (row) => subject.truth[row]!),
      candidate: selectAnswers(subject.candidate, rows),
      champion: subject.champion && selectAnswers(subject.champion, rows),
    };
    const own = { ...question, seed: `${question.seed}|${name}` };
    const finding = rows.length < floor ? null : judgeRows(own, part);
    const tooSmall = finding === null || finding.reason === "min_n" || finding.reason === "min_per_class";
    if (tooSmall) small.push({ name, n: finding?.n ?? rows.length });
    else judged.push({ name, question: own, subject: part, finding });
  }
  const corrections = corrected(judged, question.confidence);
  const listed: Slices = {
    small,
    judged: judged.map(({ name, finding }, i) => {
      const { status, reason, n, value, ref, estimate, lower, upper, method, B, seed, needsN } = finding;
      return {
        name,
        status,
        reason,
        n,
        value,
        ref,
        estimate,
        lower,
        upper,
        method,
        B,
        seed,
        needsN,
        ...corrections[i]!,
      };
    }),
  };
  const { bound, method } = judged[0]?.finding ?? blank;
  return { ...blank, ...combined(listed), bound, method, n: subject.truth.length, slices: listed };
}
