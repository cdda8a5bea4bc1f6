import type { Answer, Asked } from "./exchange.ts";
import { includes, type Job } from "./identity.ts";
import type { Oidc } from "./oidc.ts";
import type { Denied } from "./rest.ts";
import { addStatus, type State } from "./state.ts";

/** What GitHub does for a runner beside the REST API: identity tokens, and deployments of jobs with an environment. */
export interface RunnerService {
  /** @returns null for a path that is none of its own. */
  handle(request: Asked): Promise<Answer | null>;
}

/** The paths of {@link RunnerService}. */
export const runnerPaths = {
  token: "/runner/id-token",
  checkout: "/runner/checkout",
  start: "/runner/environment/start",
  end: "/runner/environment/end",
};

interface EnvironmentStart {
  environment: string;
  /** Whether GitHub makes a deployment. */
  deployment: boolean;
  ref: string;
  sha: string;
  run: string;
}

interface EnvironmentEnd {
  deployment: number;
  status: string;
  url: string;
}

const unauthorized: Answer = { status: 401, body: { message: "Bad credentials" } };

interface Parts {
  oidc: Oidc;
  denied: Denied[];
  /** The job of a token. */
  jobOf(token: string): Job | null;
}

export function createRunnerService(state: State, { oidc, denied, jobOf }: Parts): RunnerService {
  /** Environments of jobs that run: their identity tokens name them. */
  const environments = new Map<string, string>();

  async function identity(job: Job, audience: string): Promise<Answer> {
    if (job.permissions["id-token"] !== "write") return unauthorized;
    const environment = environments.get(job.token);
    const value = await oidc.tokenFor(job, audience, environment === undefined ? {} : { environment });
    return { status: 200, body: { count: value.length, value } };
  }

  /** Git's server, for reading: it hides a repository from who may not see it. */
  function checkout(job: Job): Answer {
    if (state.visibility === "public" || includes(job.permissions["contents"], "read"))
      return { status: 200, body: {} };
    denied.push({ job: `${job.workflow} ${job.job}`, operation: "checkout", needs: "contents: read" });
    return { status: 404, body: { message: "Not Found" } };
  }

  function start(job: Job, { environment, deployment, ref, sha, run }: EnvironmentStart): Answer {
    environments.set(job.token, environment);
    if (!deployment) return { status: 200, body: { deployment: 0 } };
    const now = state.now();
    const made = {
      ...{ id: state.next(), ref, sha, task: "deploy", payload: "", environment, description: null, transient: false },
      ...{ production: environment === "production", creator: "github-actions[bot]", createdAt: now, updatedAt: now },
    };
    state.deployments.push(made);
    addStatus(state, made, { state: "in_progress", logUrl: run });
    return { status: 200, body: { deployment: made.id } };
  }

  function end({ deployment, status, url }: EnvironmentEnd): Answer {
    const made = state.deployments.find(({ id }) => id === deployment);
    if (made) addStatus(state, made, { state: status === "success" ? "success" : "failure", environmentUrl: url });
    return { status: 200, body: {} };
  }

  return {
    async handle({ url, headers, body }) {
      if (!Object.values(runnerPaths).includes(url.pathname)) return null;
      const job = jobOf(/^Bearer (\S+)$/i.exec(headers.authorization ?? "")?.[1] ?? "");
      if (!job) return unauthorized;
      if (url.pathname === runnerPaths.token) return identity(job, url.searchParams.get("audience") ?? "sigstore");
      if (url.pathname === runnerPaths.checkout) return checkout(job);
      const said = JSON.parse(body.toString()) as EnvironmentStart & EnvironmentEnd;
      return url.pathname === runnerPaths.start ? start(job, said) : end(said);
    },
  };
}
