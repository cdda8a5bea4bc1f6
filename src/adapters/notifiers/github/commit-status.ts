import type { GitHubRun } from "../../../domain/github-run.ts";
import type { CommitStatus } from "../../../domain/showing.ts";
import type { Api } from "./api.ts";

/** Puts lines at the run's commit. A line of the same name replaces the one before. */
export async function setCommitStatuses(
  api: Api,
  { commit, url }: GitHubRun,
  lines: readonly CommitStatus[],
  signal: AbortSignal,
): Promise<void> {
  if (commit === null) return;
  for (const line of lines)
    await api.call(
      "createCommitStatus",
      (octokit, at) => octokit.rest.repos.createCommitStatus({ ...at, ...line, sha: commit, target_url: url }),
      signal,
    );
}
