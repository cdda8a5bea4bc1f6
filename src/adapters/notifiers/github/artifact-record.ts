import type { GitHubRun } from "../../../domain/github-run.ts";
import { formatImage, type Image } from "../../../domain/image.ts";
import { type Api, isMissing } from "./api.ts";

/** What an environment runs, or does not run any more. */
export interface Recorded {
  status: "deployed" | "decommissioned";
  environment: string;
  model: string;
  image: Image;
}

/**
 * Records on the organisation's page of linked artifacts what an environment runs. An entry is replaced by the next one of the
 * same model and environment.
 * @returns why there is no record, in a sentence; null when there is one.
 */
export async function recordArtifact(
  api: Api,
  run: GitHubRun,
  { status, environment, model, image }: Recorded,
  signal: AbortSignal,
): Promise<string | null> {
  if (run.owner === "user")
    return `${run.repository} belongs to a person: only organisations have linked artifacts, so none is recorded.`;
  try {
    await api.call(
      "recordArtifact",
      (octokit, { request }) =>
        octokit.request("POST /orgs/{org}/artifacts/metadata/deployment-record", {
          request,
          org: api.owner,
          name: image.repository,
          digest: image.digest,
          status,
          logical_environment: environment,
          deployment_name: `${api.repo}-${model}`,
          github_repository: api.repo,
        }),
      signal,
    );
    return null;
  } catch (error) {
    if (!isMissing(error)) throw error;
    return `${run.serverUrl} has no linked artifacts for ${api.owner}, so ${formatImage(image)} is not recorded there.`;
  }
}
