import type { GitHubRun } from "../domain/github-run.ts";
import { at, eventOf } from "./github-job.ts";

type Environment = Readonly<Record<string, string | undefined>>;

const ownerOf = (type: unknown): GitHubRun["owner"] =>
  type === "Organization" ? "organization" : type === "User" ? "user" : null;

/** Older servers only say whether a repository is private. */
function visibilityOf(repository: unknown): GitHubRun["visibility"] {
  const visibility = at(repository, "visibility");
  if (visibility === "public" || visibility === "private" || visibility === "internal") return visibility;
  const isPrivate = at(repository, "private");
  return typeof isPrivate === "boolean" ? (isPrivate ? "private" : "public") : null;
}

/** The pull request of the event. One whose branch is gone counts as a fork: its token may only read. */
function pullRequestOf(event: unknown, repository: string): GitHubRun["pullRequest"] {
  const number = at(event, "pull_request", "number");
  if (typeof number !== "number" || !Number.isSafeInteger(number)) return null;
  return { number, fork: at(event, "pull_request", "head", "repo", "full_name") !== repository };
}

/** The run of this job; null when the runner does not say where it runs. @param commit the one the run is about. */
export function runOf(env: Environment, commit: string | null): GitHubRun | null {
  const {
    GITHUB_API_URL: apiUrl,
    GITHUB_SERVER_URL: serverUrl,
    GITHUB_REPOSITORY: repository,
    GITHUB_RUN_ID: id,
  } = env;
  if (!apiUrl || !serverUrl || !id || !/^\d+$/.test(id) || !repository || !/^[\w.-]+\/[\w.-]+$/.test(repository))
    return null;
  const event = eventOf(env);
  return {
    apiUrl,
    serverUrl,
    repository,
    owner: ownerOf(at(event, "repository", "owner", "type")),
    visibility: visibilityOf(at(event, "repository")),
    commit,
    id,
    url: `${serverUrl}/${repository}/actions/runs/${id}`,
    pullRequest: pullRequestOf(event, repository),
  };
}
