import { selectAnswers, selectTruth } from "../metrics/select.ts";
import { benjaminiHochberg, holm } from "../statistics/multiplicity.ts";
import type { Question, Subject } from "./question.ts";
import { blank, type Finding, type Slices } from "./result.ts";
import { judgeRows } from "./rows.ts";
import { withBounds } from "./rule.ts";

const most = 50;
/** More slices than these have the rate of false findings shown. */
const many = 20;

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

/** The rows of a slice. */
const partOf = ({ truth, classes, groups, candidate, champion }: Subject, rows: Uint32Array): Subject => ({
  truth: selectTruth(truth, rows),
  classes,
  groups: groups && Int32Array.from(rows, (row) => groups[row]!),
  candidate: selectAnswers(candidate, rows),
  champion: champion && selectAnswers(champion, rows),
});

/** Rows, or groups of them. */
const sizeOf = ({ truth, groups }: Subject): number => (groups ? new Set(groups).size : truth.length);

type Correction = Pick<Slices["judged"][number], "adjusted" | "discovered" | "failed">;

/**
 * Whether each slice fails after Holm's correction over the slices; resampled bounds are made anew at 1 - alpha/K. Among many
 * slices the rate of false findings is shown, too.
 */
function corrected(judged: readonly Judged[], confidence: number | null): Correction[] {
  const plain = { adjusted: null, discovered: null };
  if (confidence === null) return judged.map(({ finding }) => ({ ...plain, failed: finding.status === "fail" }));
  const tails = judged.flatMap(({ finding }) => (finding.tail === null ? [] : [finding.tail]));
  const [adjustedTails, discoveries] = [holm(tails), tails.length > many ? benjaminiHochberg(tails) : []];
  let next = 0;
  return judged.map(({ question, subject, finding }) => {
    if (finding.tail !== null) {
      const at = next++;
      const adjusted = adjustedTails[at]!;
      return { adjusted, discovered: discoveries[at] ?? null, failed: adjusted <= 1 - confidence };
    }
    if (finding.status !== "fail") return { ...plain, failed: false };
    const stricter = judgeRows({ ...question, confidence: 1 - (1 - confidence) / judged.length }, subject);
    return { ...plain, failed: withBounds(question.check.op, finding.bound!, stricter) === "fail" };
  });
}

/** The value on all rows of several slices together. */
function pooled(question: Question, subject: Subject, slices: readonly Uint32Array[]): Slices["pooled"] {
  if (slices.length < 2) return null;
  const rows = Uint32Array.from(slices.flatMap((own) => [...own])).toSorted();
  const { n, value, ref } = judgeRows({ ...question, confidence: null, least: 1 }, partOf(subject, rows));
  return n === null || value === null ? null : { n, value, ref };
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
  const small: { name: string; n: number; rows: Uint32Array }[] = [];
  const judged: Judged[] = [];
  for (const [name, rows] of slices) {
    const part = partOf(subject, rows);
    const own = { ...question, seed: `${question.seed}|${name}` };
    const size = sizeOf(part);
    const finding = size < floor ? null : judgeRows(own, part);
    const tooSmall = finding === null || finding.reason === "min_n" || finding.reason === "min_per_class";
    if (tooSmall) small.push({ name, n: finding?.n ?? size, rows });
    else judged.push({ name, question: own, subject: part, finding });
  }
  const corrections = corrected(judged, question.confidence);
  const listed: Slices = {
    small: small.map(({ name, n }) => ({ name, n })),
    pooled: pooled(
      question,
      subject,
      small.map(({ rows }) => rows),
    ),
    judged: judged.map(({ name, finding }, i) => {
      const { status, reason, n, rows, value, ref, estimate, lower, upper, method, B, seed, needsN } = finding;
      return {
        name,
        status,
        reason,
        n,
        rows,
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
  const rows = subject.groups ? subject.truth.length : null;
  return { ...blank, ...combined(listed), bound, method, n: sizeOf(subject), rows, slices: listed };
}
