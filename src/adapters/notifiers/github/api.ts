import { type Problem, WorldError } from "../../../domain/problem.ts";
import type { Clock } from "../../../ports/clock.ts";
import { type At, type GitHubPlace, githubClient, type Octokit, statusOf } from "../../github/client.ts";
import { type OperationName, operations } from "./operations.ts";

/** GitHub's API as the view uses it: one request a call. */
export interface Api {
  readonly owner: string;
  readonly repo: string;
  /** How many requests were sent. */
  readonly requests: number;
  /**
   * Sends a request, and an idempotent one again when that may help.
   * @throws UserError `github.permission`; WorldError `github.unavailable`, `github.refused`; the signal's reason.
   */
  call<T>(name: OperationName, work: (octokit: Octokit, at: At) => Promise<T>, signal: AbortSignal): Promise<T>;
}

const mostTries = 3;
/** One request; GitHub itself ends them after ten seconds. */
const requestMilliseconds = 10_000;
/** A view is not worth a longer wait. */
const longestWait = 20_000;

/** How long to wait before the next try, in ms; null when trying again is no use or would take too long. */
function waitBefore(tried: number, error: unknown): number | null {
  if (!(error instanceof WorldError) || !error.retryable || tried === mostTries) return null;
  if (error.retryAfter !== null) return error.retryAfter <= longestWait ? error.retryAfter : null;
  const status = statusOf(error);
  // A limit that does not say when it ends lasts until the hour is over.
  if (status === 403 || status === 429) return null;
  return 500 * 2 ** tried * (0.5 + Math.random());
}

/** A request with its own time limit: a server that says nothing is an outage like any other. */
async function within<T>(signal: AbortSignal, during: string, send: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const limit = AbortSignal.timeout(requestMilliseconds);
  try {
    return await send(AbortSignal.any([signal, limit]));
  } catch (cause) {
    if (signal.aborted || !limit.aborted) throw cause;
    const seconds = requestMilliseconds / 1000;
    const problem: Problem = {
      code: "github.unavailable",
      message: `GitHub gave no answer within ${seconds} s while ${during}`,
      hint: "Run again in a while; githubstatus.com tells of outages.",
    };
    throw new WorldError(problem, { side: "GitHub", during, retryable: true, cause });
  }
}

/** What GitHub hides from a token that may not read it looks as if it were not there. */
function hidden(error: unknown, permission: string): unknown {
  if (!(error instanceof WorldError) || statusOf(error) !== 404) return error;
  const { code, message } = error.problem;
  const hint = `GitHub hides what a token may not see. Add to the job, and to the job that calls it:\n  permissions:\n    ${permission}`;
  const problem: Problem = { code, message, hint };
  return new WorldError(problem, { side: error.side, during: error.during, retryable: false, cause: error.cause });
}

export function createApi(place: GitHubPlace, clock: Clock): Api {
  const client = githubClient(place);
  let requests = 0;
  return {
    owner: client.owner,
    repo: client.repo,
    get requests() {
      return requests;
    },
    async call(name, work, signal) {
      const { during, permission, idempotent } = operations[name];
      for (let tried = 1; ; tried++) {
        requests++;
        try {
          return await within(signal, during, (limited) => client.ask({ during, permission, signal: limited }, work));
        } catch (error) {
          signal.throwIfAborted();
          const wait = idempotent ? waitBefore(tried, error) : null;
          if (wait === null) throw hidden(error, permission);
          await clock.until(clock.monotonic() + wait, signal);
        }
      }
    },
  };
}

/** Whether GitHub said that this is not there, or that we may not see it. */
export const isMissing = (error: unknown): boolean => statusOf(error) === 404;
