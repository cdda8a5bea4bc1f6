import { getOctokit } from "@actions/github";
import { UserError, WorldError } from "../../domain/problem.ts";

/** A repository on GitHub or an Enterprise Server, and the token to talk to it with. */
export interface GitHubPlace {
  /** Address of the REST API: https://api.github.com, or a server's own. */
  apiUrl: string;
  /** owner/name */
  repository: string;
  token: string;
}

export type Octokit = ReturnType<typeof getOctokit>;

/** One thing asked of GitHub. */
interface Asked {
  /** What for, as it stands after "while": `asking for an approval`. */
  during: string;
  /** The permission it takes, as a job writes it: `issues: write`. */
  permission: string;
  signal: AbortSignal;
}

/** GitHub's REST API for one repository, its failures as problems. */
export interface GitHubClient {
  owner: string;
  repo: string;
  /**
   * Talks to the API. Calls take `{ ...at, request }`, so that they know the repository and can be stopped.
   * @throws UserError `github.permission` with the line to add; WorldError `github.unavailable`, `github.refused`; the signal's reason.
   */
  ask<T>(asked: Asked, work: (octokit: Octokit, at: At) => Promise<T>): Promise<T>;
}
/** What every call takes. */
export interface At {
  owner: string;
  repo: string;
  request: { signal: AbortSignal };
}

/** A client for a repository. Nothing is sent before it is asked something. */
export function githubClient({ apiUrl, repository, token }: GitHubPlace): GitHubClient {
  const octokit = getOctokit(token, { baseUrl: apiUrl });
  const [owner = "", repo = ""] = repository.split("/");
  return {
    owner,
    repo,
    async ask(asked, work) {
      try {
        return await work(octokit, { owner, repo, request: { signal: asked.signal } });
      } catch (error) {
        asked.signal.throwIfAborted();
        throw explained(error, apiUrl, asked);
      }
    },
  };
}

/** An answer that is not 2xx, as the client throws it. */
interface Refusal extends Error {
  status: number;
  response?: { headers?: Readonly<Record<string, string | undefined>>; data?: unknown };
}

const isRefusal = (error: unknown): error is Refusal =>
  error instanceof Error && error.name === "HttpError" && "status" in error && typeof error.status === "number";

/** The status GitHub answered with; null when the error is something else. */
export function statusOf(error: unknown): number | null {
  const cause = error instanceof WorldError || error instanceof UserError ? error.cause : error;
  return isRefusal(cause) && cause.response ? cause.status : null;
}

function explained(error: unknown, apiUrl: string, { during, permission }: Asked): unknown {
  if (!isRefusal(error)) return error;
  const context = { side: `GitHub at ${apiUrl}`, during, cause: error };
  const answered = `GitHub answered ${error.status} while ${during}: ${error.message.split("\n")[0]}`;
  if (!error.response || error.status >= 500 || isRateLimit(error)) {
    const hint =
      "Try again in a while; githubstatus.com tells of outages. A job's token has 1,000 calls an hour per repository.";
    const message = error.response ? answered : `GitHub at ${apiUrl} gave no answer while ${during}: ${error.message}`;
    const retryAfter = Number(error.response?.headers?.["retry-after"]) * 1000 || null;
    return new WorldError({ code: "github.unavailable", message, hint }, { ...context, retryable: true, retryAfter });
  }
  if (error.status === 401 || error.status === 403) return lacks(answered, error, permission);
  const hint = "GitHub's own words are in the message.";
  return new WorldError({ code: "github.refused", message: answered, hint }, { ...context, retryable: false });
}

function lacks(message: string, error: Refusal, permission: string): UserError {
  const hint =
    error.status === 401
      ? "The token is not valid, or no longer: give the job's own, which is the default of the input `token`."
      : `Add to the job, and to the job that calls it:\n  permissions:\n    ${permission}`;
  const refused = new UserError([{ code: "github.permission", message, hint }]);
  refused.cause = error;
  return refused;
}

/** GitHub says its limits with 403 as well. */
const isRateLimit = ({ status, message, response }: Refusal): boolean =>
  status === 429 ||
  (status === 403 &&
    (response?.headers?.["x-ratelimit-remaining"] === "0" ||
      response?.headers?.["retry-after"] !== undefined ||
      /rate limit/i.test(message)));
