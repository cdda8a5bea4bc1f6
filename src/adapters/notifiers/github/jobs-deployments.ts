import { short } from "../../../domain/digest.ts";
import type { GitHubRun } from "../../../domain/github-run.ts";
import type { Deployed } from "../../../domain/showing.ts";
import type { Api } from "./api.ts";
import { listDeployments, type Status, say, statusesOf } from "./deployments.ts";

/** Who makes the deployments of jobs with an environment, and as what. */
const maker = "github-actions[bot]";
const task = "deploy";
/** How far back deployments are looked at. */
const mostLookedAt = 30;

/** What a deployment is of, as we wrote into one of its states: GitHub says nothing of models. */
interface Named {
  model: string;
  digest: string;
}

const nameOf = ({ command, model, image }: Deployed): string => `modelgate ${command}: ${model} ${short(image.digest)}`;

function namedIn(statuses: readonly Status[]): Named | null {
  for (const { description } of statuses) {
    const [, model, digest] = /^modelgate [a-z]+: (\S+) ([0-9a-f]{12})$/.exec(description) ?? [];
    if (model !== undefined && digest !== undefined) return { model, digest };
  }
  return null;
}

/** A deployment that GitHub made, with what it went through. */
interface Known {
  id: number;
  state: string;
  named: Named | null;
  isThisRun: boolean;
}

/** Whether an address is of a run or of a job in it. */
const isOf = (address: string, run: string): boolean =>
  address.includes(`/actions/runs/${run}/`) || address.endsWith(`/actions/runs/${run}`);

/**
 * The newest deployments of an environment that GitHub made for jobs. Looks no further than the first that is known to be an
 * older, inactive one of the model: what is behind it was settled when that one was.
 */
async function* known(
  api: Api,
  run: GitHubRun,
  { environment, model }: { environment: string; model: string },
  signal: AbortSignal,
): AsyncGenerator<Known> {
  const all = await listDeployments(api, { environment, task }, signal);
  for (const { id } of all.filter(({ creator }) => creator === maker).slice(0, mostLookedAt)) {
    const statuses = await statusesOf(api, id, signal);
    // The first is GitHub's, with the address of the job; later ones may be of a run that called it inactive.
    const first = statuses.findLast(({ logUrl }) => logUrl !== "");
    const isThisRun = first !== undefined && isOf(first.logUrl, run.id);
    const [state, named] = [statuses[0]?.state ?? "pending", namedIn(statuses)];
    yield { id, state, named, isThisRun };
    if (!isThisRun && state === "inactive" && named?.model === model) return;
  }
}

const open = ["in_progress", "queued", "pending", "waiting"];

/**
 * The deployment of the job we are in: the one of this run that is under way. With several legs of a matrix there are several,
 * and nothing tells which is whose but what we wrote; then none is ours.
 */
function jobsOwn(found: readonly Known[], model: string): Known | null {
  const underWay = found.filter(({ isThisRun, state }) => isThisRun && open.includes(state));
  const ofModel = underWay.filter(({ named }) => named?.model === model);
  if (ofModel.length > 0) return ofModel[0]!;
  const unnamed = underWay.filter(({ named }) => named === null);
  return unnamed.length === 1 && underWay.length === 1 ? unnamed[0]! : null;
}

/**
 * Adds to the deployment that GitHub made for this job what GitHub does not: which model it is and where it answers, and that
 * what ran before does not any more. What state it ends in is GitHub's to say, with the job.
 */
export async function addToJobs(api: Api, run: GitHubRun, deployed: Deployed, signal: AbortSignal): Promise<void> {
  const { environment, model, image, url } = deployed;
  const found: Known[] = [];
  for await (const one of known(api, run, { environment, model }, signal)) found.push(one);
  const own = jobsOwn(found, model);
  if (!own) return;
  const text = nameOf(deployed);
  const digest = short(image.digest);
  const back = takenBack(found, own, deployed);
  if (back) await say(api, back.id, { state: "success", text, logUrl: run.url, environmentUrl: url }, signal);
  else if (own.named?.digest !== digest)
    await say(api, own.id, { state: "in_progress", text, logUrl: run.url, environmentUrl: url }, signal);
  const others = found.filter(({ id }) => id !== own.id && id !== back?.id);
  await endActive(api, others, { model, text: `${image.digest} took its place`, logUrl: run.url }, signal);
}

/**
 * Where a job deployed one release and then took it back, GitHub's deployment of the job is of the one that was taken back.
 * What runs is the release before, with the deployment it had.
 */
function takenBack(found: readonly Known[], own: Known, { command, model, image }: Deployed): Known | null {
  const digest = short(image.digest);
  if (command !== "rollback" || own.named === null || own.named.digest === digest) return null;
  return found.find(({ named, isThisRun }) => !isThisRun && named?.model === model && named.digest === digest) ?? null;
}

/** Calls deployments inactive that are said to be active, and are of the model. Others are somebody else's. */
async function endActive(
  api: Api,
  others: readonly Known[],
  { model, text, logUrl }: { model: string; text: string; logUrl: string },
  signal: AbortSignal,
): Promise<void> {
  for (const { id, state, named } of others)
    if (state === "success" && named?.model === model) await say(api, id, { state: "inactive", text, logUrl }, signal);
}

/** Calls all deployments of a model in an environment inactive: nothing runs there any more. */
export async function removeJobs(
  api: Api,
  run: GitHubRun,
  { environment, model }: { environment: string; model: string },
  signal: AbortSignal,
): Promise<void> {
  const found: Known[] = [];
  for await (const one of known(api, run, { environment, model }, signal)) found.push(one);
  await endActive(api, found, { model, text: `${model} was removed`, logUrl: run.url }, signal);
}
