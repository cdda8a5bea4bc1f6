import type { GitHubRun } from "../../../domain/github-run.ts";
import { formatImage, type Image } from "../../../domain/image.ts";
import type { CommandName } from "../../../domain/request.ts";
import { description, isProduction } from "../../../domain/showing.ts";
import type { Api } from "./api.ts";
import { type Deployment, listDeployments, type Said, say, statusesOf } from "./deployments.ts";

/** Tells our deployments from those of jobs and other tools. */
const task = "deploy:model";
/** How far back deployments are looked at that may still be called active. */
const mostLookedAt = 30;
/** How far back the one that runs is looked for. */
const mostRecent = 10;

/** What a deployment of ours is of. */
export interface Subject {
  command: CommandName;
  environment: string;
  model: string;
  modelDigest: string;
  image: Image;
  /** Null before there is one. */
  verdict: string | null;
}

/** What our deployments carry. The verdict is of the time it was made: a payload never changes. */
interface Payload {
  model: string;
  image: string;
  "model-digest": string;
  verdict: string | null;
  /** Id of the run: each run that deploys has a deployment of its own, however often its jobs run. */
  run: string;
}

const textOf = (value: unknown): string => (typeof value === "string" ? value : "");

/** The payload of a deployment: GitHub gives back an object, and older servers the text of one. */
function payloadOf({ payload }: Deployment): Pick<Payload, "model" | "image" | "run"> {
  let found: unknown = payload;
  if (typeof payload === "string")
    try {
      found = JSON.parse(payload);
    } catch {
      found = null;
    }
  const { model, image, run } = (typeof found === "object" && found !== null ? found : {}) as Record<string, unknown>;
  return { model: textOf(model), image: textOf(image), run: textOf(run) };
}

async function ours(api: Api, environment: string, model: string, signal: AbortSignal): Promise<Deployment[]> {
  const all = await listDeployments(api, { environment, task }, signal);
  return all.filter((deployment) => payloadOf(deployment).model === model);
}

/** The deployment this run made of an image before, in an earlier attempt or another step of it. */
const made = (known: readonly Deployment[], run: string, image: Image): Deployment | undefined =>
  known.find((one) => {
    const payload = payloadOf(one);
    return payload.run === run && payload.image === formatImage(image);
  });

function commitOf({ commit, id }: GitHubRun): string {
  if (commit === null) throw new Error(`run ${id} names no commit that a deployment could be of`);
  return commit;
}

async function create(api: Api, run: GitHubRun, subject: Subject, signal: AbortSignal): Promise<number> {
  const { command, environment, model, modelDigest, image, verdict } = subject;
  const payload: Payload = { model, image: formatImage(image), "model-digest": modelDigest, verdict, run: run.id };
  const { data } = await api.call(
    "createDeployment",
    (octokit, at) =>
      octokit.rest.repos.createDeployment({
        ...at,
        ref: commitOf(run),
        task,
        // Without these two GitHub merges the default branch, or waits for checks: this one among them.
        auto_merge: false,
        required_contexts: [],
        environment,
        payload: { ...payload },
        description: description(`${command} of ${model}`),
        transient_environment: false,
        production_environment: isProduction(environment, command),
      }),
    signal,
  );
  if ("id" in data) return data.id;
  throw new Error(`GitHub made no deployment: ${data.message ?? "it did not say why"}`);
}

/** The deployment that is said to be what runs; a newer one may be under way, or have failed. */
async function newestActive(api: Api, known: readonly Deployment[], signal: AbortSignal): Promise<Deployment | null> {
  for (const one of known.slice(0, mostRecent)) {
    const [latest] = await statusesOf(api, one.id, signal);
    if (latest?.state === "success") return one;
  }
  return null;
}

/** Adds a state unless it is what the deployment says already. */
async function sayOnce(api: Api, id: number, said: Said, signal: AbortSignal): Promise<void> {
  const [latest] = await statusesOf(api, id, signal);
  const same = latest?.state === said.state && latest.description === description(said.text);
  if (!same) await say(api, id, said, signal);
}

/** Calls what ran before inactive. What is older than one that is inactive was settled when that one was. */
async function endOthers(
  api: Api,
  others: readonly Deployment[],
  said: Omit<Said, "state">,
  signal: AbortSignal,
): Promise<void> {
  for (const { id } of others.slice(0, mostLookedAt)) {
    const [latest] = await statusesOf(api, id, signal);
    if (latest?.state === "inactive") return;
    if (latest?.state === "success" || latest?.state === "in_progress")
      await say(api, id, { ...said, state: "inactive" }, signal);
  }
}

/**
 * Makes the deployment that is about to happen, or finds it again. What is active already is only put back, as after a promotion
 * that failed: it has its deployment. @returns the id; null when there is nothing to say.
 */
export async function beginOwn(
  api: Api,
  run: GitHubRun,
  subject: Subject,
  signal: AbortSignal,
): Promise<number | null> {
  const known = await ours(api, subject.environment, subject.model, signal);
  const active = await newestActive(api, known, signal);
  if (active && payloadOf(active).image === formatImage(subject.image)) return null;
  const said: Said = {
    state: "in_progress",
    text: `${subject.command} of ${subject.model} has begun`,
    logUrl: run.url,
  };
  const before = made(known, run.id, subject.image);
  const id = before?.id ?? (await create(api, run, subject, signal));
  await (before ? sayOnce(api, id, said, signal) : say(api, id, said, signal));
  return id;
}

/** What a deployment came to. */
interface Ended {
  subject: Subject;
  /** The deployment that {@link beginOwn} made; null when nothing had to be deployed. */
  begun: number | null;
  state: "success" | "failure" | "error";
  text: string;
  url: string;
}

/** Says what a deployment came to; what ran before is inactive then. A run that was killed before is made up for. */
export async function endOwn(
  api: Api,
  run: GitHubRun,
  { subject, begun, state, text, url }: Ended,
  signal: AbortSignal,
): Promise<void> {
  const known = await ours(api, subject.environment, subject.model, signal);
  const id = begun ?? (await current(api, run, { known, subject }, signal));
  await sayOnce(api, id, { state, text, logUrl: run.url, environmentUrl: url }, signal);
  const others = known.filter((one) => one.id !== id);
  await endOthers(api, others, { text: `${subject.image.digest} took its place`, logUrl: run.url }, signal);
}

/** The deployment of what runs: this run's; else the active one when it is of the same image; else a new one. */
async function current(
  api: Api,
  run: GitHubRun,
  { known, subject }: { known: readonly Deployment[]; subject: Subject },
  signal: AbortSignal,
): Promise<number> {
  const own = made(known, run.id, subject.image);
  if (own) return own.id;
  const active = await newestActive(api, known, signal);
  if (active && payloadOf(active).image === formatImage(subject.image)) return active.id;
  return create(api, run, subject, signal);
}

/** Calls all deployments of a model in an environment inactive: nothing runs there any more. */
export async function removeOwn(
  api: Api,
  run: GitHubRun,
  { environment, model }: { environment: string; model: string },
  signal: AbortSignal,
): Promise<void> {
  const known = await ours(api, environment, model, signal);
  await endOthers(api, known, { text: `${model} was removed`, logUrl: run.url }, signal);
}
