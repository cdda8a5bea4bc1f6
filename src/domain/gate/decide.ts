import type { Digest } from "../digest.ts";
import { metricNamed } from "../metrics/index.ts";
import type { Metric } from "../metrics/metric.ts";
import type { Observations } from "../observations/observations.ts";
import { judgeLoad } from "./load.ts";
import { type ParsedCheck, parseCheck } from "./parse.ts";
import {
  blank,
  bounded,
  type CheckResult,
  type Finding,
  type OnInconclusive,
  type Severity,
  type Slices,
} from "./result.ts";
import { judgeRows } from "./rows.ts";
import { sentenceOf, slicesSentence } from "./sentence.ts";
import { judgeSlices } from "./slices.ts";
import { type Verdict, verdictOf } from "./verdict.ts";

/** A check of a policy. */
export interface Check {
  text: string;
  /** `advisory` never enters the verdict. */
  severity: Severity;
  /** `allow` leaves the check out of the verdict when it is inconclusive. */
  onInconclusive: OnInconclusive;
  parsed: ParsedCheck;
}

/** What a decision depends on beside the observations: it makes every rerun give the same verdict. */
export interface DecisionContext {
  seeds: { candidate: Digest; champion: Digest | null; data: Digest };
  /** Bootstrap replicates, 2000 unless told. */
  replicates?: number;
  /** Whether a check against a champion is left out, or is an error, when nothing is in production yet. */
  firstPromotion: "allow" | "block";
}

export interface Judgement {
  verdict: Verdict;
  checks: CheckResult[];
}

/** Makes a required check that blocks when inconclusive. @throws GateSyntaxError */
export const checkOf = (text: string): Check => ({
  text: text.trim(),
  severity: "required",
  onInconclusive: "block",
  parsed: parseCheck(text),
});

type Found = Finding & { slices?: Slices | null };

/** No user chooses the seed: pressing "run again" cannot fish for a pass. */
const seedOf = ({ seeds }: DecisionContext, text: string): string =>
  ["modelgate/1", seeds.candidate, seeds.champion ?? "none", seeds.data, text].join("|");

/** Why a check against a reference cannot be judged, or null. */
function withoutReference(check: ParsedCheck, observed: Observations, context: DecisionContext): Found | null {
  if (check.right.kind === "value") return null;
  if (check.right.ref !== "champion") return { ...blank, reason: "reference_unavailable" };
  if (observed.championState === "none")
    return { ...blank, status: context.firstPromotion === "allow" ? "skipped" : "error", reason: "no_champion" };
  return observed.champion === null || observed.championState === "unavailable"
    ? { ...blank, reason: "champion_unavailable" }
    : null;
}

function find({ parsed, text }: Check, observed: Observations, context: DecisionContext): Found {
  const metric = metricNamed(parsed.metric);
  if (!metric) return { ...blank, reason: "unknown_metric" };
  const usual = parsed.confidence === null ? 1 : 30;
  if (metric.kind === "run") return judgeLoad(metric, parsed, observed.load, parsed.min ?? usual);
  if (observed.failedRows > 0) return { ...blank, reason: "failed_rows" };
  const unjudged = withoutReference(parsed, observed, context);
  if (unjudged) return unjudged;
  const { truth, classes, candidate, slices } = observed;
  const champion = parsed.right.kind === "ref" ? observed.champion : null;
  const replicates = context.replicates ?? 2000;
  const question = { metric, check: parsed, confidence: parsed.confidence, seed: seedOf(context, text), replicates };
  const subject = { truth, classes, candidate, champion };
  if (parsed.by.length === 0) return judgeRows({ ...question, least: parsed.min ?? usual }, subject);
  const columns = parsed.by.flatMap((name) => (Object.hasOwn(slices, name) ? [slices[name]!] : []));
  if (columns.length < parsed.by.length || columns.some((column) => column.length !== truth.length))
    return { ...blank, reason: "unknown_slice" };
  return judgeSlices({ ...question, least: Math.min(parsed.min ?? usual, usual) }, subject, columns);
}

function sentence(found: Found, check: ParsedCheck, metric: Metric | undefined): string {
  const plain = found.slices && metric ? slicesSentence(found, found.slices, check, metric.unit) : null;
  return plain ?? sentenceOf(found, check, metric?.unit ?? null);
}

/** Judges one check. Never throws: what cannot be judged is `error` or `inconclusive` with its reason, and never a pass. */
export function decide(check: Check, observed: Observations, context: DecisionContext): CheckResult {
  const { text, severity, onInconclusive, parsed } = check;
  const { slices = null, ...found } = bounded(find(check, observed, context));
  const metric = metricNamed(parsed.metric);
  return {
    text,
    severity,
    onInconclusive,
    ...found,
    unit: metric?.unit ?? "",
    confidence: parsed.confidence,
    slices: slices && { ...slices, judged: slices.judged.map(bounded) },
    sentence: sentence({ ...found, slices }, parsed, metric),
  };
}

/**
 * The checks with what they imply: a latency percentile looks at successful requests, so it counts for nothing without a
 * limit on failures; `error_rate <= 1%` is required unless the policy has its own.
 */
export function withImplied(checks: readonly Check[]): readonly Check[] {
  const latency = checks.some(({ parsed, severity }) => parsed.metric === "latency" && severity === "required");
  const limited = checks.some(({ parsed }) => parsed.metric === "error_rate");
  return latency && !limited ? [...checks, checkOf("error_rate <= 1%")] : checks;
}

/** Judges a policy: every check, and the verdict over the required ones. */
export function judge(checks: readonly Check[], observed: Observations, context: DecisionContext): Judgement {
  const results = withImplied(checks).map((check) => decide(check, observed, context));
  return { verdict: verdictOf(results), checks: results };
}
