import type { Comment } from "../../domain/approval/comment.ts";
import { isBotLogin, isSameAccount } from "../../domain/approval/judge.ts";
import {
  type ApprovalRequest,
  type ApprovalSubject,
  approvalHash,
  approvalLabel,
  readRecord,
  readRequest,
  recordText,
  requestBody,
  requestTitle,
} from "../../domain/approval.ts";
import type { Approvals, AskedRequest, CommitAuthors } from "../../ports/approvals.ts";
import { type GitHubClient, type GitHubPlace, githubClient, statusOf } from "../github/client.ts";

/** Who a job's own token writes as. */
const jobsOwn = "github-actions[bot]";
const permission = "issues: write";
const perPage = 100;

/** What is used of an issue as the API gives it. */
interface Issue {
  number: number;
  html_url: string;
  state: string;
  body?: string | null | undefined;
  user: { login: string } | null;
  pull_request?: unknown;
}

/** Requests as issues of a repository, approvals as comments below them. */
export function githubApprovals(place: GitHubPlace): Approvals & CommitAuthors {
  const client = githubClient(place);
  const asking = (signal: AbortSignal) => ({ during: "asking for an approval", permission, signal });

  /** The request an issue is, when modelgate made it: a marker can be written by anyone. */
  const subjectOf = (issue: Issue, own: string): ApprovalSubject | null =>
    issue.pull_request === undefined && isSameAccount(issue.user?.login ?? "", own)
      ? readRequest(issue.body ?? "")
      : null;

  async function openIssue(subject: ApprovalSubject, own: string, signal: AbortSignal): Promise<Issue | null> {
    const issues = await client.ask(asking(signal), (octokit, at) =>
      octokit.paginate(octokit.rest.issues.listForRepo, {
        ...at,
        state: "open",
        labels: approvalLabel,
        sort: "created",
        direction: "asc",
        per_page: perPage,
      }),
    );
    const hash = approvalHash(subject);
    const about = (issue: Issue): ApprovalSubject | null => subjectOf(issue, own);
    return (
      issues.find((issue) => {
        const found = about(issue);
        return found !== null && approvalHash(found) === hash;
      }) ?? null
    );
  }

  const create = (request: ApprovalRequest, signal: AbortSignal): Promise<Issue> =>
    client.ask(asking(signal), async (octokit, at) => {
      const text = { title: requestTitle(request), body: requestBody(request), labels: [approvalLabel] };
      return (await octokit.rest.issues.create({ ...at, ...text })).data;
    });

  const say = (issue_number: number, body: string, signal: AbortSignal): Promise<Comment> =>
    client.ask(asking(signal), async (octokit, at) =>
      commentOf((await octokit.rest.issues.createComment({ ...at, issue_number, body })).data),
    );

  const comments = (issue_number: number, signal: AbortSignal): Promise<Comment[]> =>
    client.ask({ ...asking(signal), during: "reading approvals" }, async (octokit, at) => {
      const found = await octokit.paginate(octokit.rest.issues.listComments, {
        ...at,
        issue_number,
        per_page: perPage,
      });
      return found.map(commentOf);
    });

  return {
    comments,
    async request(request, signal) {
      const own = await ownLogin(client, signal);
      const issue = (await openIssue(request, own, signal)) ?? (await create(request, signal));
      const recorded = recordIn(await comments(issue.number, signal), request, own);
      const asked = recorded ?? recordIn([await say(issue.number, recordText(request), signal)], request, own);
      return { number: issue.number, url: issue.html_url, asked };
    },
    async read(issue_number, signal) {
      const reading = { ...asking(signal), during: "reading what an approval is about", permission: "issues: read" };
      const issue: Issue | null = await client
        .ask(reading, async (octokit, at) => (await octokit.rest.issues.get({ ...at, issue_number })).data)
        .catch(noneWhenMissing);
      if (!issue) return null;
      const own = await ownLogin(client, signal);
      const subject = subjectOf(issue, own);
      if (!subject) return null;
      const asked = recordIn(await comments(issue_number, signal), subject, own);
      const request = { number: issue.number, url: issue.html_url, asked };
      return { subject, request, isOpen: issue.state === "open" };
    },
    async close(issue_number, text, signal) {
      const { state } = await client.ask(
        asking(signal),
        async (octokit, at) => (await octokit.rest.issues.get({ ...at, issue_number })).data,
      );
      if (state !== "open") return;
      await say(issue_number, text, signal);
      await client.ask(asking(signal), (octokit, at) =>
        octokit.rest.issues.update({ ...at, issue_number, state: "closed", state_reason: "completed" }),
      );
    },
    authors: (commit, signal) => authorsOf(client, commit, signal),
  };
}

/** Who asked: the first comment of our own that says so and that nobody edited. */
function recordIn(comments: readonly Comment[], subject: ApprovalSubject, own: string): AskedRequest["asked"] {
  for (const { login, body, createdAt, updatedAt } of comments) {
    const by = isSameAccount(login, own) && createdAt === updatedAt ? readRecord(subject, body) : null;
    if (by !== null) return { by, at: createdAt };
  }
  return null;
}

const commentOf = (comment: {
  id: number;
  body?: string | undefined;
  user: { login: string; type: string } | null;
  created_at: string;
  updated_at: string;
}): Comment => ({
  id: comment.id,
  login: comment.user?.login ?? "",
  bot: comment.user?.type === "Bot" || isBotLogin(comment.user?.login ?? ""),
  body: comment.body ?? "",
  createdAt: comment.created_at,
  updatedAt: comment.updated_at,
});

function noneWhenMissing(error: unknown): null {
  if ([404, 410].includes(statusOf(error) ?? 0)) return null;
  throw error;
}

/** The account the token writes as. A job's token may not ask that; it has one name everywhere. */
const ownLogin = (client: GitHubClient, signal: AbortSignal): Promise<string> =>
  client
    .ask(
      { during: "asking whose the token is", permission, signal },
      async (octokit, { request }) => (await octokit.rest.users.getAuthenticated({ request })).data.login,
    )
    .catch((error: unknown) => {
      if (statusOf(error) === 403) return jobsOwn;
      throw error;
    });

/** Of a merge also who wrote what was merged. A commit that is not there has no known author. */
async function authorsOf(client: GitHubClient, commit: string, signal: AbortSignal): Promise<readonly string[]> {
  const read = (ref: string) =>
    client
      .ask(
        { during: "asking who wrote the commit", permission: "contents: read", signal },
        async (octokit, at) => (await octokit.rest.repos.getCommit({ ...at, ref })).data,
      )
      .catch((error: unknown) => {
        if ([404, 422].includes(statusOf(error) ?? 0)) return null;
        throw error;
      });
  const whole = await read(commit);
  const merged = await Promise.all((whole?.parents ?? []).slice(1).map(({ sha }) => read(sha)));
  const logins = [whole, ...merged].flatMap((one) => [one?.author, one?.committer]).map((who) => who?.["login"]);
  return [...new Set(logins.filter((login): login is string => typeof login === "string" && login !== "web-flow"))];
}
