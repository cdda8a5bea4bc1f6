import { metricNamed } from "../metrics/index.ts";
import type { Observations } from "../observations/observations.ts";
import { type Check, comparisonsOf, type DecisionContext, decide } from "./decide.ts";
import { badAnswers, perfectAnswers } from "./known-bad.ts";
import type { ComparisonResult } from "./result.ts";
import type { Hole } from "./self-test.ts";

/** Why rows are too few or of the wrong kind, whatever a model answers. */
const aboutData = [
  "min_n",
  "min_per_class",
  "too_many_slices",
  "unknown_slice",
  "no_slice_judged",
  "slices_not_shown",
  "single_class",
  "class_missing",
  "no_positive",
  "constant_target",
  "zero_target",
];
const replicates = 200;

/** Whether perfect answers are kept from passing by the data. A resampled bound says nothing of perfect answers. */
function isHopeless({ status, reason, method }: Pick<ComparisonResult, "status" | "reason" | "method">): boolean {
  if (status === "pass" || status === "skipped") return false;
  const plain = reason === null && method !== null && !method.startsWith("bootstrap");
  return plain || (reason !== null && aboutData.includes(reason));
}

/** Whether all that a check compares is of rows: how long a load run must be is known without data. */
const looksAtRows = (check: Check): boolean =>
  comparisonsOf(check).every(({ parsed }) => metricNamed(parsed.metric)?.kind === "rows");

/**
 * Puts answers that are never wrong through a user's own checks, beside a champion that is always wrong.
 * @returns every required check that they cannot pass, because of the data: too few rows, too many slices, a class that is
 * missing.
 */
export function hopeless(checks: readonly Check[], observed: Observations, context: DecisionContext): Hole[] {
  if (observed.truth.length === 0) return [];
  const candidate = perfectAnswers(observed);
  const champion = badAnswers(observed)[0]?.answers ?? candidate;
  /** What is compared with is bad, what is taken for the truth says the same. */
  const beside = (check: Check): Observations => {
    const other = comparisonsOf(check).some(({ parsed }) => parsed.against !== null) ? candidate : champion;
    return { ...observed, candidate, champion: other, baseline: other, championState: "present", failedRows: 0 };
  };
  return checks
    .filter((check) => check.severity === "required" && looksAtRows(check))
    .map((check) => decide(check, beside(check), { ...context, replicates }))
    .filter(({ members, ...result }) => (members ?? [result]).every(isHopeless))
    .map(({ text, sentence }) => ({
      check: text,
      sentence: `${text} can never pass on these data, not even with answers that are never wrong: ${sentence}`,
    }));
}
