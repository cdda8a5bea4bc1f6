import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { githubApprovals } from "../../src/adapters/approvals/index.ts";
import { approvalLabel } from "../../src/domain/approval.ts";
import { UserError, WorldError } from "../../src/domain/problem.ts";
import { type GitHub, type Permissions, startGitHub } from "../e2e/engines/github/index.ts";
import { requestOf } from "../fakes/approval-request.ts";
import { fakeApprovals } from "../fakes/approvals.ts";
import { fakeClock } from "../fakes/clock.ts";
import { approvalsContract } from "./approvals.ts";

const { signal } = new AbortController();
const enough: Permissions = { contents: "read", issues: "write" };

approvalsContract("in memory", async () => {
  const clock = fakeClock();
  const approvals = fakeApprovals(clock);
  const at = (number: number) => approvals.issues.find((issue) => issue.number === number)!;
  return {
    approvals,
    async say(issue, login, body) {
      return approvals.say(issue, login, body).id;
    },
    async open(author, body) {
      const number = 500 + approvals.issues.length;
      approvals.issues.push({ number, author, body, open: true, comments: [] });
      return number;
    },
    async editComment(issue, comment, body) {
      const { comments } = at(issue);
      const index = comments.findIndex(({ id }) => id === comment);
      const updatedAt = new Date(clock.now().getTime() + 1000).toISOString();
      comments[index] = { ...comments[index]!, body, updatedAt };
    },
    async editIssue(issue, body) {
      at(issue).body = body;
    },
    isOpen: (issue) => at(issue).open,
    setCommit: (sha, logins) => void approvals.commits.set(sha, logins),
  };
});

describe("GitHub", () => {
  let github: GitHub;
  const repository = "/repos/acme/models";

  beforeAll(async () => {
    github = await startGitHub({ collaborators: { mallory: "write" } });
  });
  afterAll(() => github[Symbol.asyncDispose]());
  afterEach(() => {
    const { state, violations } = github;
    for (const list of [state.issues, state.comments]) list.length = 0;
    if (violations.length > 0) throw new Error(`not GitHub's API: ${JSON.stringify(violations)}`);
  });

  const asJob = (permissions: Permissions) => {
    const job = { token: "ghs_job", workflow: "promote.yml", job: "promote", permissions, claims: {} };
    github.startRun([job]);
    return githubApprovals({ apiUrl: github.apiUrl, repository: "acme/models", token: job.token });
  };

  approvalsContract("as issues, by a job", async () => ({
    approvals: asJob(enough),
    async say(issue, login, body) {
      const said = await github.as(login, "POST", `${repository}/issues/${issue}/comments`, { body });
      return (said as { id: number }).id;
    },
    async open(login, body) {
      const text = { title: "Approve", body, labels: [approvalLabel] };
      return ((await github.as(login, "POST", `${repository}/issues`, text)) as { number: number }).number;
    },
    async editComment(_issue, comment, body) {
      await github.as("acme", "PATCH", `${repository}/issues/comments/${comment}`, { body });
    },
    async editIssue(issue, body) {
      await github.as("acme", "PATCH", `${repository}/issues/${issue}`, { body });
    },
    isOpen: (issue) => github.state.issues.find(({ number }) => number === issue)!.state === "open",
    setCommit: (sha, [author = null]) => void github.state.commits.set(sha, { author, committer: author, parents: [] }),
  }));

  test("a person's token asks in the person's name, and finds its own issue again", async () => {
    await github.as("acme", "GET", "/user");
    const approvals = githubApprovals({ apiUrl: github.apiUrl, repository: "acme/models", token: "ghp_acme" });
    const first = await approvals.request(requestOf(), signal);
    expect(first.asked?.by).toBe("ada");
    expect(await approvals.request(requestOf(), signal)).toEqual(first);
    expect(github.state.issues.map(({ author }) => author)).toEqual(["acme"]);
  });

  test("a pull request is never a request", async () => {
    const approvals = asJob(enough);
    const { number } = await approvals.request(requestOf(), signal);
    const pull = { head: "c0ffee", headRepository: "acme/models", headRef: "fix", base: "main" };
    github.state.issues.find((issue) => issue.number === number)!.pullRequest = pull;
    expect(await approvals.read(number, signal)).toBeNull();
  });

  test("of a merge, who wrote what was merged is an author too, and GitHub's own account is none", async () => {
    const { commits } = github.state;
    commits.set("merge", { author: "grace", committer: "web-flow", parents: ["base", "topic"] });
    commits.set("base", { author: "heidi", committer: "heidi", parents: [] });
    commits.set("topic", { author: "linus", committer: null, parents: [] });
    expect(await asJob(enough).authors("merge", signal)).toEqual(["grace", "linus"]);
  });

  test.each([{ contents: "read" }, { contents: "read", issues: "read" }] satisfies Permissions[])(
    "a job with %o is told the line to add",
    async (permissions) => {
      const error: unknown = await asJob(permissions)
        .request(requestOf(), signal)
        .catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(UserError);
      expect((error as UserError).problems).toMatchObject([
        { code: "github.permission", hint: expect.stringContaining("permissions:\n    issues: write") },
      ]);
      expect(github.state.issues).toEqual([]);
    },
  );

  test("a token that is not valid is said to be", async () => {
    const approvals = githubApprovals({ apiUrl: github.apiUrl, repository: "acme/models", token: "ghs_old" });
    await expect(approvals.comments(1, signal)).rejects.toMatchObject({
      problems: [{ code: "github.permission", hint: expect.stringContaining("not valid") }],
    });
  });

  test("an API that does not answer is the world's failure, and may answer later", async () => {
    const approvals = githubApprovals({ apiUrl: "http://127.0.0.1:1", repository: "acme/models", token: "ghs_job" });
    const error: unknown = await approvals.comments(1, signal).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(WorldError);
    expect(error).toMatchObject({ retryable: true, problem: { code: "github.unavailable" } });
  });

  test("a call that is stopped ends with the reason", async () => {
    const stop = new AbortController();
    const reason = new Error("stopped");
    stop.abort(reason);
    await expect(asJob(enough).comments(1, stop.signal)).rejects.toBe(reason);
  });
});
