import type { Unit } from "../metrics/metric.ts";

export type Status = "pass" | "fail" | "inconclusive" | "error" | "skipped";
export type Severity = "required" | "advisory";
export type OnInconclusive = "block" | "allow";

/** A test that is shown beside a finding; p is one-sided. */
export interface TestResult {
  name: string;
  p: number;
}

/** What was found for one comparison on one set of rows, or on one load run. Null where a number does not apply. */
export interface Finding {
  status: Status;
  /** Why a finding is not plainly pass or fail; see `reasons`. */
  reason: string | null;
  value: number | null;
  /** The reference's value on the same rows. */
  ref: number | null;
  /** What is held against the bound: the value, value - mul * ref, or (see {@link isRatio}) value / ref. */
  estimate: number | null;
  bound: number | null;
  /** One-sided bounds of the estimate, each at the confidence. */
  lower: number | null;
  upper: number | null;
  /**
   * Rows or requests that count: for recall the rows of the class, for precision those predicted as it. Where rows belong
   * together: the groups of them.
   */
  n: number | null;
  /** The rows in those groups; null where n counts rows or requests. */
  rows: number | null;
  method: string | null;
  /** Rows on which only the candidate, and only the champion, is right. */
  discordant: readonly [number, number] | null;
  /** Chance of an estimate at least as bad as seen if the truth lay exactly on the bound. */
  tail: number | null;
  B: number | null;
  seed: string | null;
  /** Whether the candidate is better than the champion on the same rows; never decides. */
  tests: readonly TestResult[];
  /** Rows or requests that would settle an inconclusive finding with 80 % power. */
  needsN: number | null;
}

/** One judged slice. */
interface SliceResult
  extends Pick<
    Finding,
    | "status"
    | "reason"
    | "n"
    | "rows"
    | "value"
    | "ref"
    | "estimate"
    | "lower"
    | "upper"
    | "method"
    | "B"
    | "seed"
    | "needsN"
  > {
  /** Values of the slice's columns, joined by ` / `. */
  name: string;
  /** Holm-adjusted {@link Finding.tail}. */
  adjusted: number | null;
  /** {@link Finding.tail} adjusted by Benjamini and Hochberg, among more than 20 slices: shown, never decides. */
  discovered: number | null;
  /** Whether the slice fails after the correction for the number of slices. */
  failed: boolean;
}

export interface Slices {
  judged: readonly SliceResult[];
  /** Slices with too few rows: listed, never judged. */
  small: readonly { name: string; n: number }[];
  /** The values on all rows of the small slices together: shown, never judged. Null without two of them, or without a value. */
  pooled: { n: number; value: number; ref: number | null } | null;
}

/** One comparison as it was judged. JSON-serialisable: no NaN, no infinity, no undefined. */
export interface ComparisonResult extends Finding {
  text: string;
  unit: Unit | "";
  /** What it was judged at: of a member of `any_of` the corrected confidence, which may be above the one written. */
  confidence: number | null;
  slices: Slices | null;
  /** What a person reads. */
  sentence: string;
}

/** One check of a verdict. Of an `any_of` only status, reason and sentence are its own; the numbers are its members'. */
export interface CheckResult extends ComparisonResult {
  severity: Severity;
  onInconclusive: OnInconclusive;
  /** The members of an `any_of`; null for a single comparison. */
  members: readonly ComparisonResult[] | null;
}

/** The method by which the ratio of two latencies is bounded. */
export const ratioMethod = "block-ratio";

/** Whether a finding is about a ratio: then its estimate and bounds have no unit. */
export const isRatio = ({ method }: Pick<Finding, "method">): boolean => method === ratioMethod;

/** A finding in which nothing was measured. */
export const blank: Finding = {
  status: "error",
  reason: null,
  value: null,
  ref: null,
  estimate: null,
  bound: null,
  lower: null,
  upper: null,
  n: null,
  rows: null,
  method: null,
  discordant: null,
  tail: null,
  B: null,
  seed: null,
  tests: [],
  needsN: null,
};

const finite = (number: number | null): number | null => (number !== null && Number.isFinite(number) ? number : null);

/** Numbers that JSON cannot hold become null: an open end of a range is no bound. */
export const bounded = <T extends Pick<Finding, "value" | "ref" | "estimate" | "lower" | "upper">>(found: T): T => ({
  ...found,
  value: finite(found.value),
  ref: finite(found.ref),
  estimate: finite(found.estimate),
  lower: finite(found.lower),
  upper: finite(found.upper),
});

/** Every reason a finding can have, for people. */
export const reasons: Readonly<Record<string, string>> = {
  no_champion: "nothing is in production yet, so there is no champion to compare with",
  champion_unavailable: "a champion is in production, but its answers could not be had",
  reference_unavailable: "the answers of the reference were not observed (evaluate.baseline)",
  not_measured: "nothing of this name was measured in the evaluation; evaluate again with this configuration",
  not_reported: "the source outside gave no usable number",
  declared_otherwise: "it was measured under another unit or direction; evaluate again with this configuration",
  judge_differs: "candidate and champion were scored by different judges",
  no_row_scores:
    "the source gave one number without scores of rows or a standard error, so neither a bound nor a slice can be made; print rows, or leave @, by and [min] away",
  rows_left_out:
    "rows were left out of the evaluation, so the scores from outside cannot be matched with slices or groups",
  failed_rows: "some rows got no usable answer, so no metric of rows can be trusted",
  no_load: "no load run was observed",
  champion_not_loaded: "the champion was not put under load beside the candidate; evaluate again with this gate",
  no_stream: "an answer was not streamed, so that there is no time of its first token or between tokens",
  one_token: "no answer had a second token, so that there is no time between tokens",
  no_goodput: "the load run does not say what makes an answer good (load.goodput)",
  no_search: "no greatest rate was looked for (load.find-max)",
  not_confirmed: "no rate was confirmed in the longer runs, after three steps down",
  search_stopped: "the search for the greatest rate ended early: the endpoint was not ready again after a trial",
  search_generator: "the load generator could not keep up with a rate of the search, so the greatest rate is not known",
  failures_reach: "so many requests failed that the percentile, or that of some resamples, is one of them",
  closed_loop:
    "each request of the load run waited for the answer before it, so that its latency is service time; load.allow-closed allows it",
  generator: "the load generator could not keep its own schedule, so the run says nothing about the model",
  unknown_metric: "there is no such metric",
  wrong_task: "the metric does not exist for this task",
  no_statistic: "the statistic is missing (.p99, .mean, .max or .min)",
  no_bound: "no bound can be made for this metric, so it cannot be judged with a confidence",
  relative_to_nonpositive:
    "a margin relative to a reference that is not above 0 has no meaning; give the margin in units",
  min_n: "too few rows count for a judgement",
  min_per_class: "fewer than 20 rows, or groups of rows, are positive, or fewer than 20 negative",
  no_slice_judged: "every slice is too small to be judged",
  too_many_slices: "there are more than 50 slices",
  unknown_slice: "the slice column is not in the observations",
  slices_not_shown: "some slices did not pass, none surely failed",
  no_member_shown: "no member is shown, and not every one fails",
  degenerate: "all resamples agree, so the rows say nothing about uncertainty",
  resample_undefined:
    "the metric does not exist on some resamples of these rows; more rows of the rare class are needed",
  no_rows: "there are no rows",
  rows_differ: "the answers are not as many as the rows",
  not_finite: "an answer or the value is NaN or infinite",
  unknown_class: "a label is not among the declared classes",
  no_scores: "the endpoint serves no scores or probabilities",
  not_probability: "a score lies outside 0 to 1",
  no_success: "no request succeeded",
  single_class: "the rows hold one class only",
  class_missing: "a declared class has no row",
  no_positive: "no row is positive",
  chance_agreement: "agreement by chance is already complete",
  constant_target: "all targets are the same",
  constant_input: "all values are the same",
  no_groups: "the rows do not say which query they are of (evaluate.group)",
  queries_left_out: "more than 5 % of the queries have no relevant item",
  zero_vector: "a vector is zero, and has no direction",
  lengths_differ: "the vectors differ in length",
  no_golden: "the rows are pairs, and have no golden vector",
  no_partners: "the rows are no pairs (evaluate.partners)",
  zero_target: "a target is 0",
  below_minus_one: "a value is not above -1",
  no_gold: "a row has no text that is right",
  not_latin: "more than 20 % of the characters are outside ASCII, which ROUGE does not read; use chrf",
  needs_tokenizer:
    "more than 20 % of the characters are of a script without spaces between words, which BLEU needs; use chrf",
  empty_reference: "the texts that are right are all empty, so there is nothing to count errors by",
  no_logprobs: "the endpoint serves no log probabilities of tokens",
  not_logprob: "a log probability of a token is above 0",
  no_tokens: "no row has a token",
};
