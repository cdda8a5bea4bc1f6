import type { Digest } from "../digest.ts";
import { metricNamed } from "../metrics/index.ts";
import type { Metric, RunMetric } from "../metrics/metric.ts";
import type { Observations } from "../observations/observations.ts";
import { judgeLoad } from "./load.ts";
import type { ParsedCheck } from "./parse.ts";
import { answersFrom, asTruth, withoutReference } from "./reference.ts";
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

type Found = Finding & { slices?: Slices | null };

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

function find({ parsed, text }: Comparison, observed: Observations, context: DecisionContext): Found {
  const metric = metricNamed(parsed.metric, observed.task);
  if (!metric) return { ...blank, reason: "unknown_metric" };
  const usual = parsed.confidence === null ? 1 : 30;
  if (metric.kind === "run") return findLoad(metric, { parsed, text }, observed, context);
  if (observed.failedRows > 0) return { ...blank, reason: "failed_rows" };
  const unjudged = withoutReference(parsed, observed, {
    ...context,
    has: (reference) => answersFrom(reference, observed) !== null,
  });
  if (unjudged) return unjudged;
  const { classes, candidate, slices } = observed;
  const truth = parsed.against ? asTruth(answersFrom(parsed.against, observed)!) : observed.truth;
  if (truth === null) return { ...blank, reason: "wrong_task" };
  const groups = observed.groups && groupIndex(observed.groups);
  const champion = parsed.right.kind === "ref" ? answersFrom(parsed.right.ref, observed) : null;
  const replicates = context.replicates ?? 2000;
  const question = { metric, check: parsed, confidence: parsed.confidence, seed: seedOf(context, text), replicates };
  const subject = { truth, classes, groups, candidate, champion };
  if (parsed.by.length === 0) {
    const all = { ...question, least: parsed.min ?? usual };
    const found = judgeRows(all, subject);
    return found.estimate === null ? found : { ...found, tests: superiorityTests(all, subject) };
  }
  const columns = parsed.by.flatMap((name) => (Object.hasOwn(slices, name) ? [slices[name]!] : []));
  if (columns.length < parsed.by.length || columns.some((column) => column.length !== truth.length))
    return { ...blank, reason: "unknown_slice" };
  return judgeSlices({ ...question, least: Math.min(parsed.min ?? usual, usual) }, subject, columns);
}

function sentence(found: Found, check: ParsedCheck, metric: Metric | undefined): string {
  const plain = found.slices && metric ? slicesSentence(found, found.slices, check, metric.unit) : null;
  return plain ?? sentenceOf(found, check, metric?.unit ?? null);
}

/**
 * Judges one comparison. Never throws: what cannot be judged is `error` or `inconclusive` with its reason, and never a pass.
 * The confidence is the parsed one, whatever the text says.
 */
export function compare(asked: Comparison, observed: Observations, context: DecisionContext): ComparisonResult {
  const { text, parsed } = asked;
  const { slices = null, ...found } = bounded(find(asked, observed, context));
  const metric = metricNamed(parsed.metric, observed.task);
  return {
    text,
    ...found,
    unit: metric?.unit ?? "",
    confidence: parsed.confidence,
    slices: slices && { ...slices, judged: slices.judged.map(bounded) },
    sentence: sentence({ ...found, slices }, parsed, metric),
  };
}
