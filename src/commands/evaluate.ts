import { type Evaluation, evaluationToJson } from "../domain/evaluation.ts";
import type { Observations } from "../domain/observations/observations.ts";
import { emptyOutcome, type Outcome } from "../domain/outcome.ts";
import { inEvidence } from "../domain/outside/measured.ts";
import { UserError } from "../domain/problem.ts";
import type { Release, Running } from "../domain/release.ts";
import type { Request } from "../domain/request.ts";
import { formatPart, type Part } from "../domain/shard.ts";
import { isSame } from "../domain/verdict.ts";
import type { DatasetIdentity, Rows } from "../ports/dataset.ts";
import type { Session } from "../ports/protocol.ts";
import {
  type Champion,
  type EvaluateOptions,
  evaluate,
  evaluatePart,
  type MergeOptions,
  merge,
} from "../stages/evaluate.ts";
import { keptRules } from "../stages/rules.ts";
import { attach } from "./attach.ts";
import { type BesideCandidate, besideChampion, removeChampion } from "./champion.ts";
import { evaluateSettings, readingPlan, readRows } from "./data.ts";
import { attemptOf, comparesLoad, loadReport, loadTest } from "./load-test.ts";
import { measureOperation, memoryOf } from "./operation.ts";
import { isMeasuredOutside, measureOutside } from "./outside.ts";
import { askedIn, environmentOf, releaseOf, staging } from "./pick.ts";
import { baselineAnswers } from "./reference.ts";
import { readRules } from "./rules.ts";
import { leaveShard, leftShards, sharingOf } from "./shards.ts";
import type { Workshop } from "./workshop.ts";

/** Load test and scripts are about what the rows were asked of: the platform must say so after them too. @throws UserError */
async function sameSubject(shop: Workshop, environment: string, { subject }: Evaluation, signal: AbortSignal) {
  const running = await shop.platform(environment, "main").current(signal);
  if (running && isSame(running, subject.after)) return;
  throw new UserError([
    {
      code: "evaluate.subject-changed",
      message: `what ${environment} runs changed after the rows were asked`,
      hint: "Find out who writes to the staging environment, and evaluate again.",
    },
  ]);
}

type Data = { rows: Rows; identity: DatasetIdentity };

/** What an evaluation is made of beside the answers, as the configuration has it. */
const mergingOf = (shop: Workshop, data: Data): MergeOptions => {
  const { data: file, failedRows: policy, maxFailed: maxShare } = evaluateSettings(shop);
  const { files, host } = shop;
  return {
    ...{ ...data, file, files, plan: readingPlan(shop)!, failedRows: { policy, maxShare } },
    warn: (problem) => host.warn(problem),
  };
};

/** How rows are asked, as the configuration has it. */
const askingOf = (
  shop: Workshop,
  about: { release: Release; data: Data; environment: string; session: Session; champion: Champion },
  signal: AbortSignal,
): EvaluateOptions => ({
  ...mergingOf(shop, about.data),
  candidate: { session: about.session, image: about.release.image },
  champion: about.champion,
  concurrency: evaluateSettings(shop).concurrency,
  running: () => shop.platform(about.environment, "main").current(signal),
  clock: shop.clock,
  signal,
  progress: (share) => shop.host.note("asking rows", share),
});

/** Asks one part of the rows and leaves the answers with the image. The champion stays: other parts may still be asking it. */
async function evaluateShard(
  shop: Workshop,
  about: { release: Release; data: Data; environment: string },
  part: Part,
  signal: AbortSignal,
) {
  const { release, environment } = about;
  const running = await askedIn(shop, environment, release, signal);
  await using session = shop.protocol(running.endpoint.protocol).connect(running.endpoint, release.model.name);
  const shard = await besideChampion(shop, { environment, stays: true }, signal, (champion) =>
    evaluatePart(askingOf(shop, { ...about, session, champion }, signal), part),
  );
  return { shard, running, evidence: await leaveShard(shop, release, shard, signal) };
}

/** An evaluation with what others measure of the same models. A champion that is another by now says nothing. */
async function withOutside(
  shop: Workshop,
  found: Evaluation,
  { release, running, champion, rows }: { release: Release; running: Running; champion: BesideCandidate; rows: Rows },
  signal: AbortSignal,
): Promise<Evaluation> {
  if (!isMeasuredOutside(shop)) return found;
  const same = champion?.image.digest === found.champion.image?.digest ? champion : null;
  const about = { release, running, champion: same, rows: found.data.rows };
  const outside = inEvidence(await measureOutside(shop, about, signal), rows.order);
  return { ...found, observations: { ...found.observations, outside } };
}

/**
 * Evaluates a release where it runs, beside the champion, then under load, and attaches the evaluation. The champion is taken away
 * when it has been asked everything.
 * @param shared put together from parts that were asked before; else all rows are asked here.
 */
export async function evaluateRelease(
  shop: Workshop,
  release: Release,
  { data, environment, shared = false }: { data: Data; environment: string; shared?: boolean },
  signal: AbortSignal,
) {
  const running = await askedIn(shop, environment, release, signal);
  const baseline = await baselineAnswers(shop, data.identity, signal);
  const rules = await readRules(shop);
  await using session = shop.protocol(running.endpoint.protocol).connect(running.endpoint, release.model.name);
  const seed = `modelgate/1|${release.image.digest}|${data.identity.digest}|load`;
  const ask = async (champion: BesideCandidate): Promise<Evaluation> => {
    const found = shared
      ? await merge(mergingOf(shop, data), await leftShards(shop, release, data.identity.digest, signal))
      : await evaluate(askingOf(shop, { release, data, environment, session, champion }, signal));
    return withOutside(shop, found, { release, running, champion, rows: data.rows }, signal);
  };
  const put = (champion: Champion, found: Evaluation) => {
    const { image } = found.champion;
    const seeds = { candidate: release.image.digest, champion: image?.digest ?? null, data: data.identity.digest };
    const context = { seeds, firstPromotion: shop.config.promotion.first };
    const judge = (loads: Pick<Observations, "load" | "championLoad">) =>
      attemptOf(shop, { ...found.observations, ...loads }, context);
    return loadTest(shop, { session, champion, model: release.model, rows: data.rows, seed, judge }, signal);
  };
  const beside = <T>(work: (champion: BesideCandidate) => Promise<T>): Promise<T> =>
    besideChampion(shop, { environment, stays: false }, signal, work);
  const both = async (champion: BesideCandidate) => {
    const found = await ask(champion);
    return { found, loads: await put(champion, found) };
  };
  // The parts have asked the champion already, and what no gate compares under load is put under load alone.
  const alone = async () => {
    const here = !shared || isMeasuredOutside(shop);
    const found = here ? await beside(ask) : await ask(null);
    if (!here) await removeChampion(shop, environment);
    return { found, loads: await put(null, found) };
  };
  await using watch = shared ? null : memoryOf(shop, environment, signal);
  const { found, loads } = comparesLoad(shop) ? await beside(both) : await alone();
  const memory = (await watch?.end()) ?? null;
  const subject = { release, environment, champion: found.champion.image, load: loads.load, memory };
  const { patternMatches, schemaFault } = shop;
  const kept = keptRules({ rules, patternMatches, schemaFault }, found.observations);
  const operation = await measureOperation(shop, subject, signal);
  const outside = { ...found.observations.outside, ...kept, ...operation };
  const isOutside = Object.keys(outside).length > 0;
  if (isOutside || loads.load) await sameSubject(shop, environment, found, signal);
  const observations = { ...found.observations, ...loads, ...(isOutside && { outside }) };
  if (baseline && observations.truth.length === data.identity.rows) observations.baseline = baseline;
  const evaluation: Evaluation = { ...found, observations };
  const evidence = await attach(shop, release, { kind: "evaluation", body: evaluationToJson(evaluation) }, signal);
  return { evaluation, running, evidence };
}

async function shardCommand(
  shop: Workshop,
  about: { release: Release; data: Data; environment: string },
  part: Part,
  signal: AbortSignal,
): Promise<Outcome> {
  const { release, environment } = about;
  const { shard, running, evidence } = await shop.host.step("evaluate", () => evaluateShard(shop, about, part, signal));
  return {
    ...emptyOutcome,
    command: "evaluate",
    verdict: "none",
    headline: `${shard.rows.length} of ${shard.data.rows} rows are asked, part ${formatPart(part)}; modelgate evaluate --shard all puts the parts together`,
    environment,
    model: release.model,
    image: release.image,
    previousImage: shard.champion.image,
    url: running.endpoint.url,
    evidence: [evidence],
  };
}

export async function evaluateCommand(shop: Workshop, request: Request, signal: AbortSignal): Promise<Outcome> {
  const environment = environmentOf(shop, request, staging);
  const sharing = sharingOf(request);
  const release = await releaseOf(shop, request, signal);
  using data = await readRows(shop, release.model, signal);
  if (sharing !== null && sharing !== "merge")
    return await shardCommand(shop, { release, data, environment }, sharing.ask, signal);
  const { evaluation, running, evidence } = await shop.host.step("evaluate", () =>
    evaluateRelease(shop, release, { data, environment, shared: sharing === "merge" }, signal),
  );
  return {
    ...emptyOutcome,
    command: "evaluate",
    verdict: "none",
    headline: `${data.identity.rows} rows and ${evaluation.observations.load?.events.length ?? 0} load requests are measured; modelgate gate judges them`,
    environment,
    model: release.model,
    image: release.image,
    previousImage: evaluation.champion.image,
    url: running.endpoint.url,
    flips: evaluation.flips,
    sections: loadReport(shop, evaluation),
    evidence: [evidence],
    files: { predictions: shop.files.path("predictions.jsonl") },
  };
}
