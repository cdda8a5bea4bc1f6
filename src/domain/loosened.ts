import type { Comparison } from "./gate/compare.ts";
import { type Check, comparisonsOf, withImplied } from "./gate/decide.ts";
import type { ParsedCheck } from "./gate/parse.ts";
import { lowIsBad } from "./gate/rule.ts";
import type { Policy } from "./policy.ts";
import type { Trust } from "./signature.ts";

/** A load test: its pace and length where its profile has them; `rest` is all else of it that decides. */
interface LoadFacts {
  ratePerSecond: number | null;
  milliseconds: number | null;
  rest: string;
}

/** Everything that decides whether a release gets through, of one version of the configuration. */
export interface PolicyFacts {
  policy: Policy;
  maxAgeMs: number;
  /** Identity of the file with the labelled data; null when there is none, or it could not be read. */
  data: string | null;
  /** How the data are read: task, classes, threshold, columns. */
  reading: string;
  load: LoadFacts | null;
  trust: Trust;
  /** Whether somebody must agree: 0 never, 1 to a loosened policy, 2 always; and who may. */
  approval: number;
  approvers: readonly string[];
}

/** How one version of a policy lies to another. */
export type Relation = "equal" | "tighter" | "looser" | "incomparable";

export interface Finding {
  direction: "tighter" | "looser" | "other";
  sentence: string;
}

export interface PolicyComparison {
  relation: Relation;
  findings: readonly Finding[];
}

const numberOr = (value: number | null, otherwise: number): number => value ?? otherwise;

/** Checks that can be compared: the same metric of the same rows, the same way round. */
const kindOf = ({ metric, args, stat, against, op, right, by }: ParsedCheck): string =>
  JSON.stringify([
    metric,
    Object.entries(args).toSorted(([a], [b]) => (a < b ? -1 : 1)),
    stat,
    against,
    lowIsBad(op),
    right.kind === "ref" ? right.ref : null,
    by.toSorted(),
  ]);

/** What a comparison asks for, as numbers of which a greater one asks for more. */
function demands({ parsed }: Comparison): number[] {
  const { op, right, confidence, by, min } = parsed;
  const sign = lowIsBad(op) ? 1 : -1;
  const bounds = right.kind === "value" ? [right.value * sign] : [right.mul * sign, right.off * sign];
  // Slices with fewer rows are not judged at all; other checks with fewer rows are inconclusive.
  const rows =
    by.length > 0 ? -numberOr(min, confidence === null ? 1 : 30) : numberOr(min, confidence === null ? 1 : 30);
  const strict = op === ">" || op === "<" ? 1 : 0;
  return [...bounds, numberOr(confidence, 0), rows, strict];
}

/** A strict comparison only matters where the bounds are the same. */
function comparesAsStrictly(a: Comparison, b: Comparison): boolean {
  if (kindOf(a.parsed) !== kindOf(b.parsed)) return false;
  const [mine, other] = [demands(a), demands(b)];
  const [strict, otherStrict] = [mine.pop()!, other.pop()!];
  const least = mine.every((value, index) => value >= other[index]!);
  const same = mine.every((value, index) => value === other[index]);
  return least && (!same || strict >= otherStrict);
}

/** Whether whatever holds a also holds b: each way to pass a is a way to pass b. A single comparison is the only way. */
const asksAsMuch = (a: Check, b: Check): boolean =>
  (a.onInconclusive === "block" || b.onInconclusive === "allow") &&
  comparisonsOf(a).every((mine) => comparisonsOf(b).some((other) => comparesAsStrictly(mine, other)));

/** Whether checks speak of the same: a sentence about one names the other. */
const areAlike = (a: Check, b: Check): boolean =>
  comparisonsOf(a).some((one) => comparisonsOf(b).some((other) => kindOf(one.parsed) === kindOf(other.parsed)));

const required = (checks: readonly Check[]): Check[] =>
  withImplied(checks).filter(({ severity }) => severity === "required");

/** Checks that nothing in the others asks for as much as. */
const uncovered = (checks: readonly Check[], others: readonly Check[]): Check[] =>
  checks.filter((check) => !others.some((other) => asksAsMuch(other, check)));

function checkFindings(before: Policy, after: Policy): Finding[] {
  const [was, is] = [required(before.checks), required(after.checks)];
  const alike = (check: Check, among: readonly Check[]): string | null =>
    among.find((other) => areAlike(other, check))?.text ?? null;
  return [
    ...uncovered(was, is).map((check): Finding => {
      const now = alike(check, is);
      const sentence = now ? `${check.text} became ${now}` : `${check.text} is no longer required`;
      return { direction: "looser", sentence };
    }),
    ...uncovered(is, was).map((check): Finding => {
      const then = alike(check, was);
      return { direction: "tighter", sentence: then ? `${check.text} was ${then}` : `${check.text} is new` };
    }),
  ];
}

/** A number of which a greater one lets more through. */
function numberFinding(
  what: string,
  before: number,
  after: number,
  shown: (value: number) => string = String,
): Finding[] {
  if (before === after) return [];
  const sentence = `${what} was ${shown(before)} and is ${shown(after)}`;
  return [{ direction: after > before ? "looser" : "tighter", sentence }];
}

/** What becomes of rows without an answer, from the strictest on. */
const laxness = ["error", "wrong", "exclude"];
const hours = (ms: number): string => `${Math.round(ms / 360_000) / 10} h`;
const share = (value: number): string => `${value * 100} %`;
const usualShare = (policy: string): number => (policy === "error" ? 0 : policy === "exclude" ? 0.005 : 1);

function settingFindings(before: PolicyFacts, after: PolicyFacts): Finding[] {
  const [was, is] = [before.policy, after.policy];
  const first = { block: 0, allow: 1 };
  const word = (words: readonly string[]) => (index: number) => words[index] ?? String(index);
  const shareOf = ({ policy, maxShare }: Policy["failedRows"]): number => maxShare ?? usualShare(policy);
  return [
    ...numberFinding("promotion.first", first[was.firstPromotion], first[is.firstPromotion], word(["block", "allow"])),
    ...numberFinding(
      "evaluate.failed-rows",
      laxness.indexOf(was.failedRows.policy),
      laxness.indexOf(is.failedRows.policy),
      word(laxness),
    ),
    ...(was.failedRows.policy === is.failedRows.policy && is.failedRows.policy !== "error"
      ? numberFinding("evaluate.max-failed", shareOf(was.failedRows), shareOf(is.failedRows), share)
      : []),
    ...numberFinding("promotion.max-age", before.maxAgeMs, after.maxAgeMs, hours),
    ...numberFinding(
      "promotion.approval",
      -before.approval,
      -after.approval,
      (value) => ["not asked for", "asked for when the policy is loosened", "always asked for"][-value]!,
    ),
  ];
}

function loadFindings(before: PolicyFacts["load"], after: PolicyFacts["load"]): Finding[] {
  if (!before && !after) return [];
  if (!before || !after)
    return [
      after ? { direction: "tighter", sentence: "load is new" } : { direction: "looser", sentence: "load is gone" },
    ];
  if (before.rest !== after.rest) return [{ direction: "other", sentence: "load is put on in another way" }];
  const less = (value: number | null): number => -(value ?? 0);
  return [
    ...numberFinding("load.rate", less(before.ratePerSecond), less(after.ratePerSecond), (value) => `${-value}/s`),
    ...numberFinding(
      "load.duration",
      less(before.milliseconds),
      less(after.milliseconds),
      (value) => `${-value / 1000} s`,
    ),
  ];
}

/** Whoever is trusted anew can let anything through. */
function trustFindings(before: Trust, after: Trust): Finding[] {
  const namesOf = ({ keys, identities }: Trust): string[] => [
    ...keys.map((key) => `the key ${key}`),
    ...identities.map(
      ({ issuer, workflow, repository, ref }) =>
        `${workflow} run for ${repository}${ref === null ? "" : ` at ${ref}`}, vouched for by ${issuer}`,
    ),
  ];
  return newNames("trust", namesOf(before), namesOf(after));
}

/** Names that let more through: each new one loosens. */
function newNames(key: string, was: readonly string[], is: readonly string[]): Finding[] {
  const finding =
    (direction: Finding["direction"], words: string) =>
    (name: string): Finding => ({
      direction,
      sentence: `${key} ${words} ${name}`,
    });
  return [
    ...is.filter((name) => !was.includes(name)).map(finding("looser", "has anew")),
    ...was.filter((name) => !is.includes(name)).map(finding("tighter", "has no longer")),
  ];
}

function dataFindings(before: PolicyFacts, after: PolicyFacts): Finding[] {
  return [
    ...(before.data === after.data ? [] : [{ direction: "other" as const, sentence: "the labelled data are others" }]),
    ...(before.reading === after.reading
      ? []
      : [{ direction: "other" as const, sentence: "the data are read in another way (evaluate)" }]),
  ];
}

function relationOf(findings: readonly Finding[]): Relation {
  const has = (direction: Finding["direction"]): boolean => findings.some((finding) => finding.direction === direction);
  if (has("other") || (has("looser") && has("tighter"))) return "incomparable";
  if (has("looser")) return "looser";
  return has("tighter") ? "tighter" : "equal";
}

/**
 * Compares two versions of what decides. A check is loosened when no required check of the new version asks for as much in every
 * respect: bound, margin, confidence, rows, and what becomes of it when it cannot be settled. Of an `any_of` no way to pass may be
 * new or easier.
 */
export function comparePolicies(before: PolicyFacts, after: PolicyFacts): PolicyComparison {
  const findings = [
    ...checkFindings(before.policy, after.policy),
    ...settingFindings(before, after),
    ...loadFindings(before.load, after.load),
    ...dataFindings(before, after),
    ...trustFindings(before.trust, after.trust),
    ...newNames("promotion.approval.by", before.approvers, after.approvers),
  ];
  return { relation: relationOf(findings), findings };
}

/** Whether somebody has to agree: what is not surely as strict counts as loosened. */
export const isLoosened = ({ relation }: PolicyComparison): boolean =>
  relation === "looser" || relation === "incomparable";
