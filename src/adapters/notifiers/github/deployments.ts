import { description } from "../../../domain/showing.ts";
import type { Api } from "./api.ts";

/** A deployment as GitHub keeps it, as far as it is used. */
export interface Deployment {
  id: number;
  /** Who made it. */
  creator: string | null;
  task: string;
  payload: unknown;
}

export type DeploymentState = "error" | "failure" | "inactive" | "in_progress" | "queued" | "pending" | "success";

/** One of the states a deployment went through. */
export interface Status {
  id: number;
  state: string;
  description: string;
  /** The run or job it is of. */
  logUrl: string;
  environmentUrl: string;
}

/** What a deployment is said to have come to. */
export interface Said {
  state: DeploymentState;
  text: string;
  logUrl: string;
  environmentUrl?: string;
}

/** Deployments of an environment, newest first. */
export async function listDeployments(
  api: Api,
  wanted: { environment: string; task: string },
  signal: AbortSignal,
): Promise<Deployment[]> {
  const { data } = await api.call(
    "listDeployments",
    (octokit, at) => octokit.rest.repos.listDeployments({ ...at, ...wanted, per_page: 100 }),
    signal,
  );
  return data
    .map(({ id, creator, task, payload }) => ({ id, creator: creator?.login ?? null, task, payload }))
    .toSorted((a, b) => b.id - a.id);
}

/** The states of a deployment, the latest first. */
export async function statusesOf(api: Api, deployment_id: number, signal: AbortSignal): Promise<Status[]> {
  const { data } = await api.call(
    "listDeploymentStatuses",
    (octokit, at) => octokit.rest.repos.listDeploymentStatuses({ ...at, deployment_id, per_page: 100 }),
    signal,
  );
  return data
    .map((status) => ({
      id: status.id,
      state: status.state,
      description: status.description,
      logUrl: status.log_url ?? status.target_url ?? "",
      environmentUrl: status.environment_url ?? "",
    }))
    .toSorted((a, b) => b.id - a.id);
}

/**
 * Adds a state to a deployment. `auto_inactive` is off: it knows environments and not models, and would call another model's
 * deployment inactive.
 */
export async function say(api: Api, deployment_id: number, said: Said, signal: AbortSignal): Promise<void> {
  const { state, text, logUrl, environmentUrl = "" } = said;
  await api.call(
    "createDeploymentStatus",
    (octokit, at) =>
      octokit.rest.repos.createDeploymentStatus({
        ...at,
        deployment_id,
        state,
        description: description(text),
        log_url: logUrl,
        ...(isWebAddress(environmentUrl) && { environment_url: environmentUrl }),
        auto_inactive: false,
      }),
    signal,
  );
}

/** GitHub takes http and https only. */
const isWebAddress = (url: string): boolean => /^https?:\/\//.test(url);
