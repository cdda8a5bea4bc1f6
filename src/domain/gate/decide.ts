import { metricNamed } from "../metrics/index.ts";
import type { Observations } from "../observations/observations.ts";
import { judgeAnyOf } from "./any-of.ts";
import { type Comparison, compare, type DecisionContext } from "./compare.ts";
import { parseCheck } from "./parse.ts";
import { blank, type CheckResult, type OnInconclusive, type Severity } from "./result.ts";
import { type Verdict, verdictOf } from "./verdict.ts";

export type { DecisionContext } from "./compare.ts";

/** What a check counts for. */
interface Weight {
  /** `advisory` never enters the verdict. */
  severity: Severity;
  /** `allow` leaves the check out of the verdict when it is inconclusive. */
  onInconclusive: OnInconclusive;
}

/** A check of one comparison. */
export interface SingleCheck extends Comparison, Weight {}

/** A check that at least one of its members must pass. */
export interface AnyOfCheck extends Weight {
  text: string;
  anyOf: readonly Comparison[];
}

/** A check of a policy. */
export type Check = SingleCheck | AnyOfCheck;

export interface Judgement {
  verdict: Verdict;
  checks: CheckResult[];
}

const usual: Weight = { severity: "required", onInconclusive: "block" };

/** Makes a required check that blocks when inconclusive. @throws GateSyntaxError */
export const checkOf = (text: string): SingleCheck => ({ text: text.trim(), ...usual, parsed: parseCheck(text) });

/** Makes a check of which at least one member must hold; required and blocking unless told. */
export function anyOfCheck(members: readonly Comparison[], { severity, onInconclusive }: Weight = usual): AnyOfCheck {
  const anyOf = members.map(({ text, parsed }) => ({ text, parsed }));
  return { text: `any_of: [${anyOf.map(({ text }) => text).join(", ")}]`, severity, onInconclusive, anyOf };
}

/** The comparisons that a check is made of. */
export const comparisonsOf = (check: Check): readonly Comparison[] => ("anyOf" in check ? check.anyOf : [check]);

/** Judges one check. Never throws: what cannot be judged is `error` or `inconclusive` with its reason, and never a pass. */
export function decide(check: Check, observed: Observations, context: DecisionContext): CheckResult {
  const { text, severity, onInconclusive } = check;
  if (!("anyOf" in check)) return { ...compare(check, observed, context), severity, onInconclusive, members: null };
  const found = judgeAnyOf(check.anyOf, observed, context);
  return { ...blank, text, severity, onInconclusive, unit: "", confidence: null, slices: null, ...found };
}

/**
 * The checks with what they imply: a time such as latency.p99 is of successful requests, so it counts for nothing without a
 * limit on failures; `error_rate <= 1%` is required unless the policy has its own.
 */
export function withImplied(checks: readonly Check[]): readonly Check[] {
  const names = (check: Check, is: (metric: string) => boolean) =>
    comparisonsOf(check).some(({ parsed }) => is(parsed.metric));
  const timed = checks.some(
    (check) => check.severity === "required" && names(check, (metric) => metricNamed(metric)?.bound.kind === "latency"),
  );
  // A limit among alternatives limits nothing.
  const limited = checks.some((check) => !("anyOf" in check) && names(check, (metric) => metric === "error_rate"));
  return timed && !limited ? [...checks, checkOf("error_rate <= 1%")] : checks;
}

/** Judges a policy: every check, and the verdict over the required ones. */
export function judge(checks: readonly Check[], observed: Observations, context: DecisionContext): Judgement {
  const results = withImplied(checks).map((check) => decide(check, observed, context));
  return { verdict: verdictOf(results), checks: results };
}
