import type { Digest } from "../digest.ts";
import { metricNamed } from "../metrics/index.ts";
import type { RowMetric, RunMetric, Unit } from "../metrics/metric.ts";
import type { Observations } from "../observations/observations.ts";
import type { OutsideMetric } from "../outside/measured.ts";
import { operations } from "../outside/operation.ts";
import { judgeLoad } from "./load.ts";
import { type Seen, seenOutside, type Told } from "./outside.ts";
import { outsideName, type ParsedCheck } from "./parse.ts";
import { answersFrom, asTruth, referencesOf, withoutReference } from "./reference.ts";
import { blank, bounded, type ComparisonResult, type Finding, type Slices } from "./result.ts";
import { judgeRows } from "./rows.ts";
import { sentenceOf, slicesSentence } from "./sentence.ts";
import { judgeSlices } from "./slices.ts";
import { superiorityTests } from "./superiority.ts";

/** One comparison as written and as read. */
export interface Comparison {
  text: string;
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

type Found = Finding & { slices?: Slices | null; said?: string | null };

/** Index of the group of each row, from 0 in the order in which groups appear. */
function groupIndex(names: readonly string[]): Int32Array {
  const known = new Map<string, number>();
  return Int32Array.from(names, (name) => {
    const index = known.get(name) ?? known.size;
    known.set(name, index);
    return index;
  });
}

/** No user chooses the seed: pressing "run again" cannot fish for a pass. */
const seedOf = ({ seeds }: DecisionContext, text: string): string =>
  ["modelgate/1", seeds.candidate, seeds.champion ?? "none", seeds.data, text].join("|");

/** Judges one comparison of load runs. */
function findLoad(
  metric: RunMetric,
  { parsed, text }: Comparison,
  observed: Observations,
  context: DecisionContext,
): Found {
  const { load, championLoad = null } = observed;
  if (load === null) return { ...blank, reason: "no_load" };
  const unjudged = withoutReference(parsed, observed, {
    ...context,
    has: (reference) => reference === "champion" && observed.championState === "present",
  });
  if (unjudged) return unjudged;
  const beside = parsed.right.kind === "ref";
  if (beside && championLoad === null) return { ...blank, reason: "champion_not_loaded" };
  const least = parsed.min ?? (parsed.confidence === null ? 1 : 30);
  const { replicates = 2000 } = context;
  const question = { metric, check: parsed, least, seed: seedOf(context, text), replicates };
  return judgeLoad(question, { candidate: load, champion: beside ? championLoad : null });
}

/** Whether a metric of this name would be measured outside. */
const isOutside = (name: string): boolean => name.includes(".") || Object.hasOwn(operations, name);

/** A metric that was measured outside. */
function outsideOf({ outside = {} }: Observations, check: ParsedCheck): OutsideMetric | undefined {
  const name = outsideName(check);
  return Object.hasOwn(outside, name) ? outside[name] : undefined;
}

/** Whether a check compares with the champion: all else that metrics from outside could be compared with is not measured by them. */
const isBesideChampion = ({ right }: ParsedCheck): boolean => right.kind === "ref" && right.ref === "champion";

/** What a check on a metric of answers looks at. */
const seenRows = (
  metric: RowMetric,
  { right, against }: ParsedCheck,
  observed: Observations,
  groups: Int32Array | null,
): Seen | Told => {
  const { classes, candidate, slices } = observed;
  const truth = against ? asTruth(answersFrom(against, observed)!) : observed.truth;
  if (truth === null) return { finding: { ...blank, reason: "wrong_task" }, said: null };
  const champion = right.kind === "ref" ? answersFrom(right.ref, observed) : null;
  return { metric, subject: { truth, classes, groups, candidate, champion }, slices };
};

function find({ parsed, text }: Comparison, observed: Observations, context: DecisionContext): Found {
  const metric = metricNamed(parsed.metric, observed.task);
  const outside = metric ? undefined : outsideOf(observed, parsed);
  const usual = parsed.confidence === null ? 1 : 30;
  if (metric?.kind === "run") return findLoad(metric, { parsed, text }, observed, context);
  if (!metric && !outside)
    return {
      ...blank,
      reason: isOutside(outsideName(parsed)) ? "not_measured" : "unknown_metric",
    };
  if (observed.failedRows > 0 && outside?.about !== "operation") return { ...blank, reason: "failed_rows" };
  const unjudged = withoutReference(parsed, observed, {
    ...context,
    has: (reference) => answersFrom(reference, observed) !== null,
  });
  if (unjudged) return unjudged;
  if (outside && referencesOf(parsed).length > (isBesideChampion(parsed) ? 1 : 0))
    return { ...blank, reason: "reference_unavailable" };
  const groups = observed.groups && groupIndex(observed.groups);
  const seen = metric ? seenRows(metric, parsed, observed, groups) : seenOutside(outside!, parsed, observed, groups);
  if ("finding" in seen) return { ...seen.finding, said: seen.said };
  const { subject, slices } = seen;
  const replicates = context.replicates ?? 2000;
  const seed = seedOf(context, text);
  const question = { metric: seen.metric, check: parsed, confidence: parsed.confidence, seed, replicates };
  if (parsed.by.length === 0) {
    const all = { ...question, least: parsed.min ?? usual };
    const found = judgeRows(all, subject);
    return found.estimate === null ? found : { ...found, tests: superiorityTests(all, subject) };
  }
  const columns = parsed.by.flatMap((name) => (Object.hasOwn(slices, name) ? [slices[name]!] : []));
  if (columns.length < parsed.by.length || columns.some((column) => column.length !== subject.truth.length))
    return { ...blank, reason: "unknown_slice" };
  return judgeSlices({ ...question, least: Math.min(parsed.min ?? usual, usual) }, subject, columns);
}

function sentence(found: Found, check: ParsedCheck, unit: Unit | null): string {
  const plain = found.slices && unit ? slicesSentence(found, found.slices, check, unit) : null;
  return found.said ?? plain ?? sentenceOf(found, check, unit);
}

/**
 * Judges one comparison. Never throws: what cannot be judged is `error` or `inconclusive` with its reason, and never a pass.
 * The confidence is the parsed one, whatever the text says.
 */
export function compare(asked: Comparison, observed: Observations, context: DecisionContext): ComparisonResult {
  const { text, parsed } = asked;
  const { slices = null, said = null, ...found } = bounded(find(asked, observed, context));
  const unit = (metricNamed(parsed.metric, observed.task) ?? outsideOf(observed, parsed))?.unit ?? null;
  return {
    text,
    ...found,
    unit: unit ?? "",
    confidence: parsed.confidence,
    slices: slices && { ...slices, judged: slices.judged.map(bounded) },
    sentence: sentence({ ...found, slices, said }, parsed, unit),
  };
}
