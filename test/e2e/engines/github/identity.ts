/** What a token may do with one kind of thing. */
export type Level = "none" | "read" | "write";

/** Permission → level; what is not named is none. */
export type Permissions = Readonly<Record<string, Level>>;

/** Claims of an OIDC token that differ from job to job. */
export type Claims = Readonly<Record<string, string>>;

/** A job of a workflow, as GitHub knows it by its token. */
export interface Job {
  token: string;
  /** File of the workflow that defines it, such as release.yml. */
  workflow: string;
  job: string;
  permissions: Permissions;
  claims: Claims;
}

/** Who asks: a job by its own token, or a person by theirs, who may do what their role allows. */
export type Actor = { kind: "job"; login: "github-actions[bot]"; job: Job } | { kind: "person"; login: string };

const rank: Readonly<Record<Level, number>> = { none: 0, read: 1, write: 2 };

/** Whether one level includes another. */
export const includes = (have: Level | undefined, wanted: Level): boolean => rank[have ?? "none"] >= rank[wanted];

/** The permission each operation needs, from the documentation of the REST API; absent: any token will do. */
const needed: Readonly<Record<string, readonly [permission: string, level: Level]>> = {
  "repos/create-deployment": ["deployments", "write"],
  "repos/list-deployments": ["deployments", "read"],
  "repos/get-deployment": ["deployments", "read"],
  "repos/delete-deployment": ["deployments", "write"],
  "repos/create-deployment-status": ["deployments", "write"],
  "repos/list-deployment-statuses": ["deployments", "read"],
  "repos/get-all-environments": ["actions", "read"],
  "repos/get-environment": ["actions", "read"],
  "actions/create-workflow-dispatch": ["actions", "write"],
  "actions/get-workflow-run": ["actions", "read"],
  "repos/create-dispatch-event": ["contents", "write"],
  "repos/get-content": ["contents", "read"],
  "repos/get-commit": ["contents", "read"],
  "repos/create-commit-status": ["statuses", "write"],
  "repos/list-commit-statuses-for-ref": ["statuses", "read"],
  "issues/list-for-repo": ["issues", "read"],
  "issues/create": ["issues", "write"],
  "issues/get": ["issues", "read"],
  "issues/update": ["issues", "write"],
  "issues/list-comments": ["issues", "read"],
  "issues/create-comment": ["issues", "write"],
  "issues/get-comment": ["issues", "read"],
  "issues/update-comment": ["issues", "write"],
  "issues/delete-comment": ["issues", "write"],
  "reactions/list-for-issue-comment": ["issues", "read"],
  "reactions/create-for-issue-comment": ["issues", "write"],
  "repos/list-pull-requests-associated-with-commit": ["pull-requests", "read"],
  "repos/create-attestation": ["attestations", "write"],
  "repos/list-attestations": ["attestations", "read"],
  "orgs/create-artifact-storage-record": ["artifact-metadata", "write"],
  "orgs/create-artifact-deployment-record": ["artifact-metadata", "write"],
  "orgs/list-artifact-deployment-records": ["artifact-metadata", "read"],
};

/** Operations that anyone may do in a public repository, without any permission. */
const openInPublic = new Set([
  "repos/get-content",
  "repos/get-commit",
  "issues/list-for-repo",
  "issues/get",
  "issues/list-comments",
]);

/**
 * What an actor lacks for an operation, as `permission: level`; null when nothing.
 * @param about whether the issue asked about is a pull request: then pull-requests will do as well as issues.
 */
export function lacking(
  { job }: { job: Job },
  operation: string,
  about: { pullRequest: boolean; public: boolean },
): string | null {
  const need = needed[operation];
  if (!need || (about.public && openInPublic.has(operation))) return null;
  const [permission, level] = need;
  const names = permission === "issues" && about.pullRequest ? ["issues", "pull-requests"] : [permission];
  if (names.some((name) => includes(job.permissions[name], level))) return null;
  return names.map((name) => `${name}: ${level}`).join(" or ");
}
