import { metricNamed } from "../metrics/index.ts";
import type { Answers, LoadEvent, LoadRun, Observations } from "../observations/observations.ts";
import { type Check, type DecisionContext, decide, judge } from "./decide.ts";
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
  /** The same with loads that are bad, too; none when there was no load run. */
  withLoads: readonly Observations[];
}

const mostRows = 400;
const replicates = 200;
/** The slowest answer that counts as one: a request without an answer by then failed. */
const slowest = 30_000;

/** Rows spread evenly over all, so that sorted data keep every class and slice. */
function sampled(observed: Observations): Observations {
  const rows = observed.truth.length;
  if (rows <= mostRows) return observed;
  const picked = Array.from({ length: mostRows }, (_, index) => Math.floor((index * rows) / mostRows));
  const slices = Object.entries(observed.slices).map(([name, values]) => [name, picked.map((row) => values[row]!)]);
  return {
    ...observed,
    truth: Float64Array.from(picked, (row) => observed.truth[row]!),
    slices: Object.fromEntries(slices) as Observations["slices"],
  };
}

/** Answers that say a class for each row, with certainty. */
function certain({ task, classes }: Observations, labels: readonly number[]): Answers {
  if (task === "binary") {
    const said = Uint8Array.from(labels);
    return { task, labels: said, scores: Float64Array.from(said) };
  }
  const probabilities = labels.map((label) => Float64Array.from(classes, (_, index) => (index === label ? 1 : 0)));
  return { task: "multiclass", labels: Int32Array.from(labels), probabilities };
}

const values = (of: Float64Array): Answers => ({ task: "regression", values: of });

/** Answers as bad as can be, each bad in another way: one metric sees one, one the other. */
function badAnswers(observed: Observations): { name: string; answers: Answers }[] {
  const { task, truth, classes } = observed;
  if (task === "regression") {
    const size = Math.max(1, ...truth.map(Math.abs));
    return [
      { name: "values far above the truth", answers: values(truth.map((value) => value + 1000 * size)) },
      { name: "values far below the truth", answers: values(truth.map((value) => value - 1000 * size)) },
      { name: "values that fall as the truth rises", answers: values(truth.map((value) => -1000 * value)) },
    ];
  }
  const truths = [...truth];
  return [
    {
      name: "answers that are all wrong",
      answers: certain(
        observed,
        truths.map((label) => (label + 1) % classes.length),
      ),
    },
    ...classes.map((name, index) => ({
      name: `always the answer ${JSON.stringify(name)}`,
      answers: certain(
        observed,
        truths.map(() => index),
      ),
    })),
  ];
}

const perfect = (observed: Observations): Answers =>
  observed.task === "regression" ? values(observed.truth) : certain(observed, [...observed.truth]);

/** Load runs as bad as can be: every request failed, and every request took as long as one may. */
function badLoads(load: LoadRun | null): LoadRun[] {
  if (!load) return [];
  const run = (change: (event: LoadEvent) => Partial<LoadEvent>): LoadRun => ({
    ...load,
    inconclusive: null,
    events: load.events.map((event) => ({ ...event, ...change(event) })),
  });
  return [run(() => ({ ok: false })), run(({ intended }) => ({ ok: true, done: intended + slowest }))];
}

/** Answers that are bad beside a champion that is never wrong, each with the loads that are bad. */
function knownBad(observed: Observations): KnownBad[] {
  const rows = sampled(observed);
  const beside = { ...rows, champion: perfect(rows), championState: "present" as const, failedRows: 0 };
  return badAnswers(rows).map(({ name, answers }) => {
    const observations = { ...beside, candidate: answers };
    return { name, observations, withLoads: badLoads(observed.load).map((load) => ({ ...observations, load })) };
  });
}

/** Whether a row check lets results through: it passes, or it is left out of the verdict. */
const letsThrough = ({ status, onInconclusive }: CheckResult): boolean =>
  status === "pass" || status === "skipped" || (status === "inconclusive" && onInconclusive === "allow");

/** Whether nothing bad is stopped by a check. A load run has enough requests for one that can fail to fail. */
function isToothless(check: Check, bad: readonly KnownBad[], context: DecisionContext): boolean {
  const results = (runs: readonly Observations[]) => runs.map((observations) => decide(check, observations, context));
  if (metricNamed(check.parsed.metric)?.kind !== "run")
    return results(bad.map(({ observations }) => observations)).every(letsThrough);
  const runs = bad[0]!.withLoads;
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
