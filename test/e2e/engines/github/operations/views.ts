import type { Comment, Commit, CommitStatus, Deployment, DeploymentStatus, Issue, State } from "../state.ts";
import type { Call } from "./call.ts";

export const repositoryUrl = ({ apiUrl, state }: Call): string => `${apiUrl}/repos/${state.repository}`;
const htmlUrl = ({ state }: Call): string => `https://github.com/${state.repository}`;

const isBot = (login: string): boolean => login.endsWith("[bot]");

/** A stable number for a name. */
const numberOf = (name: string): number => Buffer.from(name).reduce((sum, byte) => (sum * 31 + byte) % 1e9, 7);

/** An account as it appears inside other things. */
export function user(call: Call, login: string): object {
  const url = `${call.apiUrl}/users/${encodeURIComponent(login)}`;
  const below = (name: string): [string, string] => [`${name}_url`, `${url}/${name}`];
  return {
    login,
    id: login === "github-actions[bot]" ? 41898282 : numberOf(login),
    node_id: `U_${numberOf(login)}`,
    avatar_url: `https://avatars.githubusercontent.com/u/${numberOf(login)}`,
    gravatar_id: "",
    url,
    html_url: `https://github.com/${login}`,
    ...Object.fromEntries(
      ["followers", "following", "gists", "starred", "subscriptions", "organizations", "repos", "events"].map(below),
    ),
    received_events_url: `${url}/received_events`,
    type: isBot(login) ? "Bot" : "User",
    site_admin: false,
  };
}

/** What somebody is to the repository. */
export function association(state: State, login: string): string {
  if (login === state.repository.split("/")[0]) return "OWNER";
  if (state.collaborators.has(login)) return "COLLABORATOR";
  return "NONE";
}

export const deployment = (call: Call, it: Deployment): object => ({
  url: `${repositoryUrl(call)}/deployments/${it.id}`,
  id: it.id,
  node_id: `DE_${it.id}`,
  sha: it.sha,
  ref: it.ref,
  task: it.task,
  payload: it.payload,
  original_environment: it.environment,
  environment: it.environment,
  description: it.description,
  creator: user(call, it.creator),
  created_at: it.createdAt,
  updated_at: it.updatedAt,
  statuses_url: `${repositoryUrl(call)}/deployments/${it.id}/statuses`,
  repository_url: repositoryUrl(call),
  transient_environment: it.transient,
  production_environment: it.production,
});

export const deploymentStatus = (call: Call, it: DeploymentStatus): object => ({
  url: `${repositoryUrl(call)}/deployments/${it.deployment}/statuses/${it.id}`,
  id: it.id,
  node_id: `DES_${it.id}`,
  state: it.state,
  creator: user(call, it.creator),
  description: it.description,
  environment: it.environment,
  target_url: it.logUrl,
  created_at: it.createdAt,
  updated_at: it.createdAt,
  deployment_url: `${repositoryUrl(call)}/deployments/${it.deployment}`,
  repository_url: repositoryUrl(call),
  environment_url: it.environmentUrl,
  log_url: it.logUrl,
});

export function commit(call: Call, sha: string, it: Commit): object {
  const url = `${repositoryUrl(call)}/commits/${sha}`;
  const signed = (login: string | null) => ({
    name: login ?? "somebody",
    email: `${login ?? "somebody"}@example.com`,
    date: "2026-01-01T00:00:00Z",
  });
  return {
    url,
    sha,
    node_id: `C_${sha}`,
    html_url: `${htmlUrl(call)}/commit/${sha}`,
    comments_url: `${url}/comments`,
    commit: {
      url: `${repositoryUrl(call)}/git/commits/${sha}`,
      author: signed(it.author),
      committer: signed(it.committer),
      message: "A change",
      comment_count: 0,
      tree: { sha, url: `${repositoryUrl(call)}/git/trees/${sha}` },
    },
    author: it.author === null ? null : user(call, it.author),
    committer: it.committer === null ? null : user(call, it.committer),
    parents: it.parents.map((parent) => ({ sha: parent, url: `${repositoryUrl(call)}/commits/${parent}` })),
  };
}

export const commitStatus = (call: Call, it: CommitStatus): object => ({
  url: `${repositoryUrl(call)}/statuses/${it.sha}`,
  avatar_url: "https://avatars.githubusercontent.com/in/15368",
  id: it.id,
  node_id: `SC_${it.id}`,
  state: it.state,
  description: it.description,
  target_url: it.targetUrl,
  context: it.context,
  created_at: it.createdAt,
  updated_at: it.createdAt,
  creator: user(call, it.creator),
});

export function issue(call: Call, it: Issue): object {
  const url = `${repositoryUrl(call)}/issues/${it.number}`;
  const html = `${htmlUrl(call)}/${it.pullRequest ? "pull" : "issues"}/${it.number}`;
  return {
    id: it.id,
    node_id: `I_${it.id}`,
    url,
    repository_url: repositoryUrl(call),
    labels_url: `${url}/labels{/name}`,
    comments_url: `${url}/comments`,
    events_url: `${url}/events`,
    html_url: html,
    number: it.number,
    state: it.state,
    state_reason: it.reason,
    title: it.title,
    body: it.body,
    user: user(call, it.author),
    labels: it.labels.map((name) => ({ name })),
    assignee: null,
    assignees: [],
    milestone: null,
    locked: false,
    comments: call.state.comments.filter((comment) => comment.issue === it.number).length,
    closed_at: it.state === "closed" ? it.updatedAt : null,
    created_at: it.createdAt,
    updated_at: it.updatedAt,
    author_association: association(call.state, it.author),
    ...(it.pullRequest && {
      pull_request: {
        url: `${repositoryUrl(call)}/pulls/${it.number}`,
        html_url: html,
        diff_url: `${html}.diff`,
        patch_url: `${html}.patch`,
      },
    }),
  };
}

export const comment = (call: Call, it: Comment): object => ({
  id: it.id,
  node_id: `IC_${it.id}`,
  url: `${repositoryUrl(call)}/issues/comments/${it.id}`,
  html_url: `${htmlUrl(call)}/issues/${it.issue}#issuecomment-${it.id}`,
  body: it.body,
  user: user(call, it.author),
  created_at: it.createdAt,
  updated_at: it.updatedAt,
  issue_url: `${repositoryUrl(call)}/issues/${it.issue}`,
  author_association: association(call.state, it.author),
});
