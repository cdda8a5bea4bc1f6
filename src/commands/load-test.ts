import type { LoadSettings } from "../config/config.ts";
import type { Evaluation } from "../domain/evaluation.ts";
import { comparisonsOf, type DecisionContext, decide, withImplied } from "../domain/gate/decide.ts";
import { isBatched } from "../domain/golden/batch.ts";
import { loadWarnings } from "../domain/load-warnings.ts";
import { metricNamed } from "../domain/metrics/index.ts";
import type { Model } from "../domain/model.ts";
import type { LoadAttempt, Observations } from "../domain/observations/observations.ts";
import { UserError } from "../domain/problem.ts";
import { arrivalTimes, type LoadPlan } from "../domain/schedule.ts";
import type { Section } from "../domain/section.ts";
import { xoshiro } from "../domain/statistics/prng.ts";
import type { Tensors } from "../domain/tensor.ts";
import type { Rows } from "../ports/dataset.ts";
import type { Session } from "../ports/protocol.ts";
import { loadSections } from "../reports/load.ts";
import type { Champion } from "../stages/evaluate.ts";
import { load, payloadLimit } from "../stages/load.ts";
import type { Workshop } from "./workshop.ts";

/** The tightest latency bound of the gates, in ms: what the generator's own lag is held against. */
const tightestBound = ({ config }: Workshop): number | null => {
  const bounds = config.gates
    .flatMap(comparisonsOf)
    .flatMap(({ parsed }) =>
      ["latency", "ttft"].includes(parsed.metric) && parsed.right.kind === "value" ? [parsed.right.value] : [],
    );
  return bounds.length > 0 ? Math.min(...bounds) : null;
};

/** The recorded times that a configuration names. @throws UserError when there are none, naming the line to blame. */
async function recorded({ readText, resolve }: Workshop, file: string): Promise<number[]> {
  const text = await readText(resolve(file));
  if (text === null)
    throw new UserError([
      {
        code: "data.not-found",
        message: `there is no ${file}`,
        hint: "load.arrivals names the file with the time of a request on each line.",
        at: { file },
      },
    ]);
  try {
    return arrivalTimes(text);
  } catch (error) {
    const line = (error as { line?: number }).line;
    throw new UserError([
      {
        code: "data.value",
        message: `${file}: ${(error as Error).message}`,
        hint: "Write a time on each line, in seconds such as 12.25 or as 2026-11-23T12:00:00.250Z.",
        at: { file, ...(line !== undefined && { line }) },
      },
    ]);
  }
}

/** The load that a configuration asks for, with what its files and the data say. @throws UserError */
async function planOf(shop: Workshop, plan: LoadSettings["plan"], model: Model, rows: number): Promise<LoadPlan> {
  if (plan.profile === "replay") return { profile: "replay", times: await recorded(shop, plan.arrivals) };
  if (plan.profile !== "offline") return plan;
  if (plan.batch > 1 && !isBatched(model.inputs))
    throw new UserError([
      {
        code: "config.value",
        message: `load.batch is ${plan.batch}, and the model takes no batches: the first dimension of its inputs is fixed`,
        hint: "Remove load.batch, or export the model with an open first dimension.",
        at: { file: shop.config.file, key: "load.batch" },
      },
    ]);
  return { ...plan, items: plan.items ?? Math.min(rows, payloadLimit) };
}

/** The inputs of as many rows as a load test sends, which the seed decides; in the order of their hashes. */
const sampleOf = (rows: Rows, seed: string): Tensors[] =>
  xoshiro(seed)
    .shuffle([...rows.order.keys()])
    .slice(0, payloadLimit)
    .sort((a, b) => a - b)
    .map((place) => rows.sent(rows.order[place]!).inputs);

/** Whether a gate holds the load of the candidate against that of the champion. */
export const comparesLoad = ({ config }: Workshop): boolean =>
  config.load !== null &&
  config.gates
    .flatMap(comparisonsOf)
    .some(({ parsed }) => parsed.right.kind === "ref" && metricNamed(parsed.metric)?.kind === "run");

type Loads = Pick<Observations, "load" | "championLoad">;

/** What the gates on a load run say of it. */
export function attemptOf({ config }: Workshop, observed: Observations, context: DecisionContext): LoadAttempt {
  const checks = withImplied(config.gates)
    .filter(({ severity }) => severity === "required")
    .flatMap(comparisonsOf)
    .filter(({ parsed }) => metricNamed(parsed.metric)?.kind === "run");
  return {
    checks: checks.map((check) => {
      const required = { ...check, severity: "required" as const, onInconclusive: "block" as const };
      const { text, status, value } = decide(required, observed, context);
      return { text, status, value };
    }),
  };
}

/**
 * Puts the load of the configuration on a deployed model, and on the champion in turn where a gate compares them; nothing where
 * the configuration asks for none. @throws UserError
 */
export async function loadTest(
  shop: Workshop,
  about: {
    session: Session;
    champion: Champion;
    model: Model;
    rows: Rows;
    seed: string;
    judge: (loads: Loads) => LoadAttempt;
  },
  signal: AbortSignal,
): Promise<Loads> {
  const settings = shop.config.load;
  if (!settings) return { load: null };
  const { session, champion, model, rows, seed, judge } = about;
  const { maxAttempts, ...asked } = settings;
  const put = async () =>
    load({
      ...asked,
      plan: await planOf(shop, settings.plan, model, rows.length),
      tightestBound: tightestBound(shop),
      seed,
      session,
      champion: comparesLoad(shop) && champion && "session" in champion ? champion.session : null,
      inputs: sampleOf(rows, `${seed}|rows`),
      clock: shop.clock,
      signal,
      progress: (share) => shop.host.note("load test", share),
    });
  const attempts: LoadAttempt[] = [];
  let loads = await put();
  while (attempts.length + 1 < maxAttempts) {
    const attempt = judge(loads);
    const missed = attempt.checks.filter(({ status }) => status !== "pass" && status !== "skipped");
    if (missed.length === 0) break;
    attempts.push(attempt);
    const said = missed.map(({ text, status }) => `${text} ${status}`).join("; ");
    shop.host.note(`load test: attempt ${attempts.length} of ${maxAttempts} did not pass: ${said}`);
    loads = await put();
  }
  for (const sentence of loadWarnings(loads.load, shop.config.gates)) shop.host.note(`load test: ${sentence}`);
  return attempts.length === 0 ? loads : { ...loads, load: { ...loads.load, attempts } };
}

/** What the report says of the load of an evaluation. */
export const loadReport = ({ config }: Workshop, { observations }: Evaluation): Section[] =>
  loadSections(observations, observations.load ? loadWarnings(observations.load, config.gates) : []);
