import { checkOf, type SingleCheck, withImplied } from "../../domain/gate/decide.ts";
import { judgeLoad } from "../../domain/gate/load.ts";
import { type FindMax, mostWaiting, nextStep, searched, surelyMissed, tightestTime } from "../../domain/load-search.ts";
import { metricNamed } from "../../domain/metrics/index.ts";
import type { LoadRun, LoadSearch, Trial } from "../../domain/observations/observations.ts";
import { schedule } from "../../domain/schedule.ts";
import type { LoadOptions } from "./options.ts";
import { selfCheck } from "./self-check.ts";
import { type Payloads, sendOpen } from "./send.ts";

const confidence = 0.95;
const drainMilliseconds = 3000;
const readyTries = 10;
/** How often a trial looks at what it has measured so far. */
const lookMilliseconds = 500;

/** The objectives, with the limit on failures that a time implies. */
const objectives = (slo: readonly string[]): SingleCheck[] =>
  withImplied(slo.map(checkOf)).flatMap((check) => ("parsed" in check ? [check] : []));

/** What a run says of each objective. A confirmation must show it, a trial only be on the right side. */
function judged(
  run: LoadRun,
  slo: readonly SingleCheck[],
  confirming: boolean,
): Pick<Trial, "passed" | "why" | "values"> {
  const found = slo.flatMap(({ text, parsed }) => {
    const metric = metricNamed(parsed.metric);
    if (metric?.kind !== "run") return [];
    const check = { ...parsed, confidence: confirming ? confidence : null };
    const question = { metric, check, least: confirming ? 30 : 1, seed: "", replicates: 0 };
    const { status, value, upper, reason } = judgeLoad(question, { candidate: run, champion: null });
    return [{ text, value, status, reason, bound: Number.isFinite(upper) ? upper : null }];
  });
  const missed = found.find(({ status }) => status !== "pass");
  const shown = confirming ? ` @${confidence * 100}%` : "";
  return {
    passed: missed === undefined,
    why: missed ? `${missed.text}${shown}: ${missed.reason ?? missed.status}` : null,
    values: found.map(({ text, value, bound }) => ({ slo: text, value, upper: bound })),
  };
}

/** Waits until what a trial left has gone, and the endpoint says that it is ready. @returns whether it does */
async function settled({ session, clock, signal, timeoutMilliseconds }: LoadOptions): Promise<boolean> {
  for (let tried = 0; tried < readyTries; tried++) {
    await clock.until(clock.monotonic() + drainMilliseconds, signal);
    const limit = AbortSignal.any([signal, AbortSignal.timeout(timeoutMilliseconds)]);
    const { ready } = await session.ready(limit).catch(() => ({ ready: false }));
    signal.throwIfAborted();
    if (ready) return true;
  }
  return false;
}

/** Sends at a rate and says whether the objectives hold. A trial that surely fails ends early. */
async function tryRate(
  { rate, confirming, index }: { rate: number; confirming: boolean; index: number },
  { plan, slo }: { plan: FindMax; slo: readonly SingleCheck[] },
  payloads: Payloads,
  options: LoadOptions,
): Promise<Trial> {
  const milliseconds = confirming ? plan.confirmMilliseconds : plan.trialMilliseconds;
  const times = schedule("server", rate, milliseconds, `${options.seed}|search|${index}`);
  const waiting = mostWaiting(rate, slo);
  let next = lookMilliseconds;
  const stop = (events: LoadRun["events"], flying: number, intended: number): string | null => {
    if (flying > waiting) return `${flying} requests wait for an answer`;
    if (intended < next) return null;
    next = intended + lookMilliseconds;
    const missed = surelyMissed(events, slo);
    return missed && `${missed} is surely missed`;
  };
  const sent = await sendOpen(times, payloads, options, () => undefined, stop);
  const load = { profile: "server" as const, ratePerSecond: rate, milliseconds };
  const planned = sent.stopped === undefined ? sent.planned : sent.events.length;
  // Where not one answer has come there is nothing by which the generator could be told from the model, but that it sent.
  const silent = sent.stopped !== undefined && planned === 0;
  const generator = silent ? null : selfCheck({ ...sent, planned }, load, tightestTime(slo));
  const run: LoadRun = { ...load, events: sent.events, inconclusive: null };
  const told = { rate, milliseconds, confirming, requests: sent.events.length };
  if (generator) return { ...told, ...judged(run, slo, false), passed: false, why: generator, generator: true };
  if (sent.stopped) return { ...told, ...judged(run, slo, false), passed: false, why: sent.stopped, generator: false };
  return { ...told, ...judged(run, slo, confirming), generator: false };
}

/**
 * Looks for the greatest rate at which the objectives hold. Between trials the endpoint drains and must say that it is ready; one
 * that does not come back ends the search.
 */
export async function findMax(plan: FindMax, payloads: Payloads, options: LoadOptions): Promise<LoadSearch> {
  const asked = { plan, slo: objectives(plan.slo) };
  const trials: Trial[] = [];
  for (;;) {
    const step = nextStep(trials, plan);
    if ("maxRate" in step) return searched(plan, trials);
    if (!(await settled(options))) return { ...searched(plan, trials), maxRate: null, reason: "search_stopped" };
    options.progress(trials.length / (Math.log2(plan.to / plan.from) + 7));
    const trial = await tryRate({ ...step, index: trials.length }, asked, payloads, options);
    trials.push(trial);
    if (trial.generator) return searched(plan, trials);
  }
}
