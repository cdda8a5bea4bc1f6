import { type Answer, type Asked, answering, close, listen } from "../e2e/engines/github/exchange.ts";
import type { Actor, Permissions } from "../e2e/engines/github/identity.ts";
import { createRest, type Violation } from "../e2e/engines/github/rest.ts";
import {
  addStatus,
  type Comment,
  type Deployment,
  emptyState,
  type State,
  stateOf,
} from "../e2e/engines/github/state.ts";

/** GitHub's REST API on loopback, checked against GitHub's own description, and what came in. */
export interface FakeGitHub extends AsyncDisposable {
  apiUrl: string;
  state: State;
  violations: Violation[];
  /** `POST /repos/…/deployments 201`, in order. */
  calls: string[];
  /** What each call sent. */
  bodies: unknown[];
  /** Answers in GitHub's place, as long as it has an answer. */
  instead: (request: Asked) => Answer | null | Promise<Answer | null>;
  /** What the token may do. */
  permissions: Permissions;
  /** Who a token is to GraphQL; null: the server has no GraphQL. */
  viewer: string | null;
}

/** All that the view needs. */
export const allPermissions: Permissions = {
  deployments: "write",
  statuses: "write",
  "pull-requests": "write",
  "artifact-metadata": "write",
};

const jobToken = "a-job";

/** Starts the fake: a repository of an organisation, with one token of a job. */
export async function fakeGitHub(repository = "acme/digits"): Promise<FakeGitHub & { token: string }> {
  const state = emptyState({
    repository,
    visibility: "private",
    defaultBranch: "main",
    defaultPermissions: {},
    collaborators: {},
  });
  const server = answering(async (request) => {
    const { method, url } = request;
    const text = request.body.toString();
    const body: unknown = text === "" ? undefined : JSON.parse(text);
    const answer = await answerTo(request, body);
    fake.calls.push(`${method} ${url.pathname} ${answer.status}`);
    fake.bodies.push(body);
    return answer;
  });
  const apiUrl = `http://127.0.0.1:${await listen(server)}`;
  const rest = await createRest(state, apiUrl);
  const actor = (authorization = ""): Actor | null =>
    authorization.endsWith(jobToken)
      ? {
          kind: "job",
          login: "github-actions[bot]",
          job: { token: jobToken, workflow: "w.yml", job: "j", permissions: fake.permissions, claims: {} },
        }
      : null;
  async function answerTo(request: Asked, body: unknown): Promise<Answer> {
    const scripted = await fake.instead(request);
    if (scripted) return scripted;
    const { method, url } = request;
    if (url.pathname === "/graphql")
      return fake.viewer === null
        ? { status: 404, body: { message: "Not Found" } }
        : { status: 200, body: { data: { viewer: { login: fake.viewer } } } };
    const query = Object.fromEntries(url.searchParams);
    return rest.handle({ method, path: url.pathname, query, body, actor: actor(request.headers.authorization) });
  }
  const fake: FakeGitHub & { token: string } = {
    ...{ apiUrl, state, violations: rest.violations, calls: [], bodies: [] },
    instead: () => null,
    permissions: allPermissions,
    viewer: "github-actions[bot]",
    token: jobToken,
    [Symbol.asyncDispose]: () => close(server),
  };
  return fake;
}

/** Puts a pull request into a repository. */
export function openPullRequest({ state }: FakeGitHub, number = 7): number {
  const now = state.now();
  const head = { head: "c".repeat(40), headRepository: state.repository, headRef: "topic", base: "main" };
  state.issues.push({
    ...{ id: state.next(), number, title: "A change", body: "", state: "open", reason: null, labels: [] },
    ...{ author: "ada", createdAt: now, updatedAt: now, pullRequest: head },
  });
  return number;
}

/** Puts a comment into a pull request. */
export function commentBy({ state }: FakeGitHub, author: string, body: string, issue = 7): Comment {
  const now = state.now();
  const comment = { id: state.next(), issue, body, author, createdAt: now, updatedAt: now };
  state.comments.push(comment);
  return comment;
}

/** What GitHub itself makes for a job with an environment. */
export function jobsDeployment({ state }: FakeGitHub, environment: string, run: string): Deployment {
  const now = state.now();
  const made: Deployment = {
    ...{ id: state.next(), ref: "main", sha: "a".repeat(40), task: "deploy", payload: "", environment },
    ...{ description: null, transient: false, production: environment === "production" },
    ...{ creator: "github-actions[bot]", createdAt: now, updatedAt: now },
  };
  state.deployments.push(made);
  const logUrl = `https://github.com/${state.repository}/actions/runs/${run}/job/1`;
  addStatus(state, made, { state: "in_progress", logUrl });
  return made;
}

/** What GitHub does when the job of a deployment ends. */
export const jobEnds = ({ state }: FakeGitHub, made: Deployment, ended: "success" | "failure" = "success"): void =>
  void addStatus(state, made, { state: ended });

/** The states that deployments are in, in the order they were made. */
export const deploymentStates = ({ state }: FakeGitHub): (string | null)[] =>
  state.deployments.map(({ id }) => stateOf(state, id));
