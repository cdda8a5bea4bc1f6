import { createHash } from "node:crypto";
import type { Issue } from "../state.ts";
import { type Call, notFound, type Operations, paged, unprocessable } from "./call.ts";
import { association, commit, repositoryUrl, user } from "./views.ts";

const parts = [
  ..."archive assignees blobs branches collaborators comments commits compare contents contributors deployments downloads".split(
    " ",
  ),
  ..."events forks git_commits git_refs git_tags issue_comment issue_events issues keys labels languages merges".split(
    " ",
  ),
  ..."milestones notifications pulls releases stargazers statuses subscribers subscription tags teams trees hooks".split(
    " ",
  ),
];

/** The repository, as `GET /repos/…` and a pull request's base show it. */
function repository(call: Call): object {
  const { repository: full, visibility, defaultBranch } = call.state;
  const [owner = "", name = ""] = full.split("/");
  const [url, html, created] = [repositoryUrl(call), `https://github.com/${full}`, "2026-01-01T00:00:00Z"];
  const counts = [
    "forks_count",
    "stargazers_count",
    "watchers_count",
    "size",
    "open_issues_count",
    "subscribers_count",
  ];
  return {
    id: 456789,
    node_id: "R_456789",
    name,
    full_name: full,
    owner: user(call, owner),
    private: visibility === "private",
    visibility,
    html_url: html,
    description: null,
    fork: false,
    url,
    ...Object.fromEntries(parts.map((part) => [`${part}_url`, `${url}/${part}`])),
    git_url: `git://github.com/${full}.git`,
    ssh_url: `git@github.com:${full}.git`,
    clone_url: `${html}.git`,
    svn_url: html,
    mirror_url: null,
    homepage: null,
    language: null,
    ...Object.fromEntries([...counts, "network_count", "forks", "open_issues", "watchers"].map((key) => [key, 0])),
    default_branch: defaultBranch,
    topics: [],
    ...Object.fromEntries(["issues", "projects", "wiki", "downloads"].map((key) => [`has_${key}`, true])),
    has_pages: false,
    has_discussions: false,
    archived: false,
    disabled: false,
    pushed_at: created,
    created_at: created,
    updated_at: created,
    license: null,
  };
}

const side = (call: Call, at: { sha: string; ref: string; repository: string }): object => ({
  label: `${at.repository.split("/")[0]}:${at.ref}`,
  ref: at.ref,
  sha: at.sha,
  repo: { ...repository(call), full_name: at.repository, fork: at.repository !== call.state.repository },
  user: user(call, at.repository.split("/")[0]!),
});

function pullRequest(call: Call, it: Issue & { pullRequest: NonNullable<Issue["pullRequest"]> }): object {
  const [url, html] = [
    `${repositoryUrl(call)}/pulls/${it.number}`,
    `https://github.com/${call.state.repository}/pull/${it.number}`,
  ];
  const issueUrl = `${repositoryUrl(call)}/issues/${it.number}`;
  const { head, headRef, headRepository, base } = it.pullRequest;
  const links = {
    self: url,
    html,
    issue: issueUrl,
    comments: `${issueUrl}/comments`,
    review_comments: `${url}/comments`,
    review_comment: `${repositoryUrl(call)}/pulls/comments{/number}`,
    commits: `${url}/commits`,
    statuses: `${repositoryUrl(call)}/statuses/${head}`,
  };
  return {
    id: it.id,
    node_id: `PR_${it.id}`,
    number: it.number,
    state: it.state,
    locked: false,
    title: it.title,
    body: it.body,
    user: user(call, it.author),
    labels: [],
    milestone: null,
    assignee: null,
    created_at: it.createdAt,
    updated_at: it.updatedAt,
    closed_at: null,
    merged_at: null,
    merge_commit_sha: null,
    url,
    html_url: html,
    diff_url: `${html}.diff`,
    patch_url: `${html}.patch`,
    issue_url: issueUrl,
    commits_url: links.commits,
    review_comments_url: links.review_comments,
    review_comment_url: links.review_comment,
    comments_url: links.comments,
    statuses_url: links.statuses,
    head: side(call, { sha: head, ref: headRef, repository: headRepository }),
    base: side(call, { sha: "b".repeat(40), ref: base, repository: call.state.repository }),
    _links: Object.fromEntries(Object.entries(links).map(([name, href]) => [name, { href }])),
    author_association: association(call.state, it.author),
    auto_merge: null,
  };
}

export const repositories: Operations = {
  "repos/get": (call) => ({ status: 200, body: repository(call) }),
  "repos/get-collaborator-permission-level": (call) => {
    const login = call.params["username"] ?? "";
    const role = call.state.collaborators.get(login) ?? (call.state.visibility === "public" ? "read" : "none");
    const can = ["pull", "triage", "push", "maintain", "admin"];
    const most = { none: 0, read: 1, write: 3, admin: 5 }[role];
    const permissions = Object.fromEntries(can.map((name, index) => [name, index < most]));
    const who = { ...user(call, login), permissions, role_name: role };
    return { status: 200, body: { permission: role, role_name: role, user: who } };
  },
  "repos/list-pull-requests-associated-with-commit": (call) => {
    const open = call.state.issues.filter(
      (it): it is Issue & { pullRequest: NonNullable<Issue["pullRequest"]> } =>
        it.pullRequest?.head === call.params["commit_sha"],
    );
    return paged(call, open, (it) => pullRequest(call, it));
  },
  "repos/get-content": (call) => {
    const path = decodeURIComponent(call.params["path"] ?? "");
    const text = call.state.contents.get(path);
    if (text === undefined) return notFound;
    const sha = createHash("sha1")
      .update(`blob ${Buffer.byteLength(text)}\0${text}`)
      .digest("hex");
    const url = `${repositoryUrl(call)}/contents/${path}`;
    const html = `https://github.com/${call.state.repository}/blob/${call.state.defaultBranch}/${path}`;
    const git = `${repositoryUrl(call)}/git/blobs/${sha}`;
    const links = { self: url, git, html };
    return {
      status: 200,
      body: {
        type: "file",
        encoding: "base64",
        content: Buffer.from(text).toString("base64"),
        size: Buffer.byteLength(text),
        name: path.split("/").at(-1),
        path,
        sha,
        url,
        git_url: git,
        html_url: html,
        download_url: html,
        _links: links,
      },
    };
  },
  "repos/get-commit": (call) => {
    const sha = call.params["ref"] ?? "";
    const it = call.state.commits.get(sha);
    return it ? { status: 200, body: commit(call, sha, it) } : unprocessable(`No commit found for SHA: ${sha}`);
  },
  // The token of a job is nobody's: GitHub refuses it here whatever its permissions are.
  "users/get-authenticated": (call) =>
    call.actor.kind === "job"
      ? { status: 403, body: { message: "Resource not accessible by integration" } }
      : {
          status: 200,
          body: {
            ...user(call, call.actor.login),
            ...Object.fromEntries(
              ["name", "company", "blog", "location", "email", "hireable", "bio"].map((key) => [key, null]),
            ),
            ...Object.fromEntries(["public_repos", "public_gists", "followers", "following"].map((key) => [key, 0])),
            created_at: "2026-01-01T00:00:00Z",
            updated_at: "2026-01-01T00:00:00Z",
          },
        },
};
