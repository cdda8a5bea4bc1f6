import { metricNamed } from "../metrics/index.ts";
import { selectTruth } from "../metrics/select.ts";
import type { LoadEvent, LoadRun, Observations } from "../observations/observations.ts";
import { blockCount } from "../statistics/load-numbers.ts";
import type { Comparison } from "./compare.ts";
import { type Check, comparisonsOf, type DecisionContext, decide, judge } from "./decide.ts";
import { badAnswers, perfectAnswers } from "./known-bad.ts";
import { badOutside } from "./known-outside.ts";
import { outsideName } from "./parse.ts";
import type { CheckResult } from "./result.ts";

/** A way by which bad results get through a policy. */
export interface Hole {
  /** The check as written; null: the policy as a whole. */
  check: string | null;
  sentence: string;
}

/** Results that no policy should let pass. */
interface KnownBad {
  name: string;
  /** Bad answers with the load that was measured. */
  observations: Observations;
  /** The same with loads, and with measurements of operation, that are bad, too; none when there were none. */
  inOperation: readonly Observations[];
}

const mostRows = 400;
const replicates = 200;
/** The slowest answer that counts as one: a request without an answer by then failed. */
const slowest = 30_000;

/** Some of many, spread evenly over all, so that sorted data keep every class and slice. */
const spread = (all: number, some: number): number[] =>
  Array.from({ length: Math.min(all, some) }, (_, index) => Math.floor((index * all) / Math.min(all, some)));

/** Rows to try the gates on. Groups are taken whole: half a query is another query. */
function pickedRows({ truth, groups }: Observations): number[] {
  if (!groups) return spread(truth.length, mostRows);
  const names = [...new Set(groups)];
  const kept = new Set(
    spread(names.length, Math.max(1, Math.floor((mostRows * names.length) / truth.length))).map((i) => names[i]),
  );
  return groups.flatMap((name, row) => (kept.has(name) ? [row] : []));
}

function sampled(observed: Observations): Observations {
  if (observed.truth.length <= mostRows) return observed;
  const picked = pickedRows(observed);
  const slices = Object.entries(observed.slices).map(([name, values]) => [name, picked.map((row) => values[row]!)]);
  return {
    ...observed,
    truth: selectTruth(observed.truth, Uint32Array.from(picked)),
    groups: observed.groups && picked.map((row) => observed.groups![row]!),
    slices: Object.fromEntries(slices) as Observations["slices"],
  };
}

/** A request that took so many ms, and as many for each of the two tokens of its stream. */
const taking = (intended: number, ms: number): Partial<LoadEvent> => ({
  ok: true,
  done: intended + ms,
  stream: { arrivals: [intended + ms, intended + 2 * ms], tokens: 2, counted: true },
});

/** Load runs as bad as can be: every request failed, and every request took as long as one may. */
function badLoads(load: LoadRun | null): LoadRun[] {
  if (!load) return [];
  const run = (change: (event: LoadEvent) => Partial<LoadEvent>): LoadRun => ({
    ...load,
    ...(load.search && { search: { ...load.search, maxRate: 0, reason: null } }),
    inconclusive: null,
    events: load.events.map((event) => ({ ...event, ...change(event) })),
  });
  return [run(() => ({ ok: false })), run(({ intended }) => taking(intended, slowest))];
}

/** A run as one of two that took turns: what no champion stood beside is cut into blocks afterwards. */
const inTurns = (load: LoadRun): LoadRun => {
  const last = load.events.reduce((most, { intended }) => Math.max(most, intended), 1);
  return { blockMilliseconds: last / blockCount, ...load };
};

/** The load of a champion that is fast and never fails, in turn with a run; requests take ever so little longer towards its end. */
function fastLoad(load: LoadRun): LoadRun {
  const { events } = load;
  const fast = events.map((event, at) => ({ ...event, ...taking(event.intended, 1 + at / events.length) }));
  return { ...load, inconclusive: null, events: fast };
}

/** Answers that are bad beside a champion that is never wrong, each with the loads that are bad. */
function knownBad(observed: Observations): KnownBad[] {
  const rows = sampled(observed);
  const perfect = perfectAnswers(rows);
  const beside = { ...rows, champion: perfect, baseline: perfect, championState: "present" as const, failedRows: 0 };
  const measured = observed.load && inTurns(observed.load);
  const championLoad = measured && fastLoad(measured);
  return badAnswers(rows).map(({ name, answers }) => {
    const outside = badOutside(observed.outside ?? {}, rows.truth.length);
    const observations = { ...beside, candidate: answers, outside: outside.answers, load: measured, championLoad };
    const operated = { ...observations, outside: { ...outside.answers, ...outside.operation } };
    const loads = badLoads(measured).map((load) => ({ ...operated, load }));
    const none = Object.keys(outside.operation).length === 0;
    return { name, observations, inOperation: loads.length > 0 || none ? loads : [operated] };
  });
}

/** Whether a row check lets results through: it passes, or it is left out of the verdict. */
const letsThrough = ({ status, onInconclusive }: CheckResult): boolean =>
  status === "pass" || status === "skipped" || (status === "inconclusive" && onInconclusive === "allow");

/** Whether a comparison looks at answers, or only at how the release is operated. */
function looksAtOperation({ parsed }: Comparison, { outside = {} }: Observations): boolean {
  const name = outsideName(parsed);
  const about = Object.hasOwn(outside, name) ? outside[name]?.about : undefined;
  return metricNamed(parsed.metric)?.kind === "run" || about === "operation";
}

/** Whether nothing bad is stopped by a check. A load run has enough requests for one that can fail to fail. */
function isToothless(check: Check, bad: readonly KnownBad[], context: DecisionContext): boolean {
  const results = (runs: readonly Observations[]) => runs.map((observations) => decide(check, observations, context));
  const inOperation = comparisonsOf(check).map((one) => bad.length > 0 && looksAtOperation(one, bad[0]!.observations));
  if (!inOperation.includes(true)) return results(bad.map(({ observations }) => observations)).every(letsThrough);
  // What only looks at the load sees no answers; alternatives of both kinds need both to be bad.
  const runs = (inOperation.every(Boolean) ? bad.slice(0, 1) : bad).flatMap((one) => one.inOperation);
  return runs.length > 0 && results(runs).every(({ status }) => status !== "fail" && status !== "error");
}

/**
 * Puts results that are known to be bad through a user's own checks.
 * @param observed the observations of this run: their truth, classes, slices and load are what the bad ones are made of.
 * @returns every required check that nothing bad fails, and the bad answers that the policy as a whole lets pass.
 */
export function selfTest(checks: readonly Check[], observed: Observations, context: DecisionContext): Hole[] {
  if (observed.truth.length === 0 || checks.length === 0) return [];
  const bad = knownBad(observed);
  const asked = { ...context, replicates };
  const toothless = checks.filter((check) => check.severity === "required" && isToothless(check, bad, asked));
  const passed = bad.find(({ observations }) => judge(checks, observations, asked).verdict === "pass");
  return [
    ...toothless.map(({ text }) => ({ check: text, sentence: `${text} can never fail: nothing is bad enough for it` })),
    ...(passed ? [{ check: null, sentence: `the gates let ${passed.name} pass: no required gate stops it` }] : []),
  ];
}
