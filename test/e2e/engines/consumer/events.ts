import type { Event } from "../act/run.ts";
import type { Comment, GitHub, Issue } from "../github/index.ts";
import type { Repository } from "./repository.ts";

const nothing = "0".repeat(40);

const person = (login: string): object => ({ login, type: login.endsWith("[bot]") ? "Bot" : "User" });

/** A push to a branch, of what is new since `before`; the branch is checked out. */
export function push(
  repository: Repository,
  { branch = "main", before, forced = false }: { branch?: string; before?: string; forced?: boolean } = {},
): Event {
  repository.git("checkout", "-q", branch);
  const after = repository.head;
  const parents = repository.git("rev-list", "--parents", "-n", "1", after).split(" ").slice(1);
  const from = before ?? parents[0] ?? nothing;
  const head = { id: after, message: repository.git("log", "-1", "--format=%B", after) };
  const created = from === nothing;
  return {
    event: "push",
    payload: { ref: `refs/heads/${branch}`, before: from, after, created, deleted: false, forced, head_commit: head },
  };
}

/**
 * A pull request: a branch with a commit, and the merge with main that GitHub makes of it, which is checked out.
 * @param fork the account whose fork it comes from.
 */
export function pullRequest(
  repository: Repository,
  github: GitHub,
  change: { branch: string; make: () => void; author?: string; fork?: string; number?: number },
): Event & { actor: string; number: number; head: string } {
  const { branch, fork, number = github.state.issues.length + 1 } = change;
  const author = change.author ?? fork ?? "ada";
  repository.git("checkout", "-q", "main");
  const base = repository.head;
  repository.git("checkout", "-q", "-B", branch);
  change.make();
  const head = repository.commit(`Change on ${branch}`);
  const [owner, name] = repository.name.split("/");
  const full = fork === undefined ? repository.name : `${fork}/${name}`;
  repository.git("checkout", "-q", "--detach", base);
  repository.git("merge", "-q", "--no-ff", "-m", `Merge ${head} into ${base}`, head);
  repository.git("update-ref", `refs/pull/${number}/merge`, "HEAD");
  repository.git("update-ref", `refs/pull/${number}/head`, head);
  if (fork !== undefined) repository.git("branch", "-q", "-D", branch);
  const now = github.state.now();
  const known = github.state.issues.find((issue) => issue.number === number);
  if (known?.pullRequest) known.pullRequest.head = head;
  else
    github.state.issues.push({
      ...{ id: github.state.next(), number, title: `Change on ${branch}`, body: "", state: "open", reason: null },
      ...{ labels: [], author, createdAt: now, updatedAt: now },
      pullRequest: { head, headRepository: full, headRef: branch, base: "main" },
    });
  return {
    event: "pull_request",
    actor: author,
    number,
    head,
    payload: {
      action: known ? "synchronize" : "opened",
      number,
      pull_request: {
        number,
        user: person(author),
        head: {
          ref: branch,
          sha: head,
          repo: { full_name: full, fork: fork !== undefined, owner: { login: fork ?? owner } },
        },
        base: { ref: "main", sha: base, repo: { full_name: repository.name, fork: false } },
        merge_commit_sha: repository.head,
      },
    },
  };
}

/** What a merge queue would put on main: the branch on top of it, checked out. */
export function mergeGroup(repository: Repository, branch: string): Event {
  repository.git("checkout", "-q", "main");
  const base = repository.head;
  const queue = `gh-readonly-queue/main/pr-1-${base}`;
  repository.git("checkout", "-q", "-B", queue);
  repository.git("merge", "-q", "--no-ff", "-m", `Merge ${branch}`, branch);
  const head = repository.head;
  const group = { head_sha: head, head_ref: `refs/heads/${queue}`, base_sha: base, base_ref: "refs/heads/main" };
  return { event: "merge_group", payload: { action: "checks_requested", merge_group: group } };
}

/** Somebody starts the workflow by hand, on main. */
export function dispatch(repository: Repository, inputs: Readonly<Record<string, string | boolean>> = {}): Event {
  repository.git("checkout", "-q", "main");
  return { event: "workflow_dispatch", payload: { ref: "refs/heads/main", inputs } };
}

/** The clock starts the workflow, on main. */
export function schedule(repository: Repository, cron = "17 6 * * *"): Event {
  repository.git("checkout", "-q", "main");
  return { event: "schedule", payload: { schedule: cron } };
}

/** Somebody comments on an issue; the comment is there already. */
export function issueComment(
  repository: Repository,
  { issue, comment }: { issue: Issue; comment: Comment },
  action: "created" | "edited" = "created",
): Event & { actor: string } {
  repository.git("checkout", "-q", "main");
  const { id, body, author, createdAt, updatedAt } = comment;
  return {
    event: "issue_comment",
    actor: author,
    payload: {
      action,
      issue: { number: issue.number, title: issue.title, user: person(issue.author), state: issue.state },
      comment: { id, body, user: person(author), created_at: createdAt, updated_at: updatedAt },
    },
  };
}
