import type { Permissions } from "./identity.ts";

export interface Deployment {
  id: number;
  ref: string;
  sha: string;
  task: string;
  payload: unknown;
  environment: string;
  description: string | null;
  transient: boolean;
  production: boolean;
  creator: string;
  createdAt: string;
  updatedAt: string;
}

export interface DeploymentStatus {
  id: number;
  deployment: number;
  state: string;
  description: string;
  environment: string;
  logUrl: string;
  environmentUrl: string;
  creator: string;
  createdAt: string;
}

export interface CommitStatus {
  id: number;
  sha: string;
  state: string;
  context: string;
  description: string | null;
  targetUrl: string | null;
  creator: string;
  createdAt: string;
}

export interface Issue {
  id: number;
  number: number;
  title: string;
  body: string;
  state: "open" | "closed";
  reason: string | null;
  labels: string[];
  author: string;
  createdAt: string;
  updatedAt: string;
  /** A pull request is an issue with a head. */
  pullRequest: { head: string; headRepository: string; headRef: string; base: string } | null;
}

export interface Comment {
  id: number;
  issue: number;
  body: string;
  author: string;
  createdAt: string;
  updatedAt: string;
}

/** A commit as the API shows it; accounts that nobody knows are null. */
export interface Commit {
  author: string | null;
  committer: string | null;
  parents: readonly string[];
}

export interface Reaction {
  id: number;
  comment: number;
  content: string;
  author: string;
  createdAt: string;
}

/** A line of the organisation's page of what runs where. */
export interface ArtifactRecord {
  id: number;
  organization: string;
  name: string;
  digest: string;
  status: string;
  logicalEnvironment: string;
  physicalEnvironment: string;
  cluster: string;
  deploymentName: string;
  createdAt: string;
  tags: Record<string, string>;
  risks: string[];
}

export interface Dispatch {
  workflow: string | null;
  ref: string | null;
  inputs: unknown;
  eventType: string | null;
  payload: unknown;
}

export type Role = "admin" | "write" | "read";

/** One repository of the fake and all that GitHub keeps about it. Tests read it, and may put things in. */
export interface State {
  repository: string;
  visibility: "public" | "private";
  defaultBranch: string;
  /** Login → role; who is not listed may read a public repository only. */
  collaborators: Map<string, Role>;
  /** What a job's token may do when a workflow says nothing of permissions. */
  defaultPermissions: Permissions;
  /** Path → text in the default branch, for the contents API. */
  contents: Map<string, string>;
  /** Sha → commit. */
  commits: Map<string, Commit>;
  deployments: Deployment[];
  statuses: DeploymentStatus[];
  commitStatuses: CommitStatus[];
  issues: Issue[];
  comments: Comment[];
  reactions: Reaction[];
  records: ArtifactRecord[];
  dispatches: Dispatch[];
  attestations: { id: number; bundle: unknown }[];
  /** The next number, for anything. */
  next(): number;
  /** Now, in whole seconds as GitHub says it. */
  now(): string;
}

/** GitHub's times have no fractions. */
export const time = (date: Date): string => date.toISOString().replace(/\.\d+Z$/, "Z");

/** A repository nothing has happened in. */
export function emptyState(
  options: Pick<State, "repository" | "visibility" | "defaultBranch" | "defaultPermissions"> & {
    collaborators: Readonly<Record<string, Role>>;
  },
): State {
  let last = 1000;
  return {
    ...options,
    collaborators: new Map(Object.entries(options.collaborators)),
    contents: new Map(),
    commits: new Map(),
    deployments: [],
    statuses: [],
    commitStatuses: [],
    issues: [],
    comments: [],
    reactions: [],
    records: [],
    dispatches: [],
    attestations: [],
    next: () => ++last,
    now: () => time(new Date()),
  };
}

/** The state a deployment is in: its last status. */
export const stateOf = (state: State, deployment: number): string | null =>
  state.statuses.findLast((status) => status.deployment === deployment)?.state ?? null;

/**
 * Adds a status, and with `success` what the documentation calls auto_inactive: prior deployments of the environment that
 * are neither transient nor production, and had success, become inactive. Production ones never do.
 */
export function addStatus(
  state: State,
  deployment: Deployment,
  said: Partial<DeploymentStatus> & { state: string; autoInactive?: boolean },
): DeploymentStatus {
  const { autoInactive = true, ...given } = said;
  const status: DeploymentStatus = {
    id: state.next(),
    deployment: deployment.id,
    description: "",
    environment: deployment.environment,
    logUrl: "",
    environmentUrl: "",
    creator: "github-actions[bot]",
    createdAt: state.now(),
    ...given,
  };
  state.statuses.push(status);
  deployment.updatedAt = status.createdAt;
  if (status.state !== "success" || !autoInactive) return status;
  for (const prior of state.deployments)
    if (
      prior.id < deployment.id &&
      prior.environment === status.environment &&
      !prior.transient &&
      !prior.production &&
      stateOf(state, prior.id) === "success"
    )
      addStatus(state, prior, { state: "inactive" });
  return status;
}
