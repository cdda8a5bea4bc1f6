import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import type { Claims, GitHub } from "../github/index.ts";

/** What started a run. */
export interface Event {
  /** push, pull_request, merge_group, workflow_dispatch, schedule, issue_comment … */
  event: string;
  payload?: Readonly<Record<string, unknown>>;
}

/** A run that is about to start. */
export interface RunStart extends Event {
  /** The repository whose workflow runs: a git repository with `origin`, at the commit that is checked out. */
  consumer: { folder: string; repository: string };
  /** File name in its .github/workflows. */
  workflow: string;
  github: GitHub;
  /** Who started the run; default the owner of the repository. */
  actor?: string;
  /** To run again what ran: the id of the run and the number of the attempt. */
  run?: { id: number; attempt: number };
}

/** What GitHub knows about a run before its first job starts. */
export interface RunIdentity {
  run: { id: number; attempt: number };
  actor: string;
  /** Whether it is a pull request of a fork: then its jobs may read only, and see no secret. */
  isFork: boolean;
  payload: object;
  /** Of every step. */
  environment: Record<string, string>;
  /** Claims of a job's identity token. @param called the workflow of the kit that defines the job; null for the caller's own. */
  claimsFor(called: { kit: string; file: string; commit: string } | null): Claims;
}

interface Payload {
  ref?: string;
  after?: string;
  number?: number;
  pull_request?: { head?: { repo?: { fork?: boolean } } };
  merge_group?: { head_ref?: string };
}

/** The ref a run is about, by its event. */
function refOf(event: string, payload: Payload, defaultBranch: string): string {
  if (event === "pull_request") return `refs/pull/${payload.number}/merge`;
  if (event === "merge_group") return payload.merge_group?.head_ref ?? "";
  return payload.ref ?? `refs/heads/${defaultBranch}`;
}

/** What GitHub knows of commits that were pushed. Here a person's account is their name in git, in small letters. */
export function knowCommits({ consumer, github }: RunStart): void {
  const words = ["-C", consumer.folder, "log", "--all", "HEAD", "--format=%H%x09%an%x09%cn%x09%P"];
  for (const line of execFileSync("git", words, { encoding: "utf8" }).trim().split("\n")) {
    const [sha = "", author = "", committer = "", parents = ""] = line.split("\t");
    const accounts = { author: author.toLowerCase(), committer: committer.toLowerCase() };
    if (!github.state.commits.has(sha))
      github.state.commits.set(sha, { ...accounts, parents: parents.split(" ").filter((parent) => parent !== "") });
  }
}

/** What GitHub would know about this run. */
export function identify(options: RunStart): RunIdentity {
  const { consumer, workflow, event, github } = options;
  const { state } = github;
  const [owner = "", name = ""] = consumer.repository.split("/");
  const actor = options.actor ?? owner;
  const { defaultBranch: branch, visibility } = state;
  const given = { ...options.payload } as Payload;
  const ref = refOf(event, given, branch);
  const sha = execFileSync("git", ["-C", consumer.folder, "rev-parse", "HEAD"], { encoding: "utf8" }).trim();
  const run = options.run ?? { id: state.next(), attempt: 1 };
  const text = readFileSync(join(consumer.folder, ".github/workflows", workflow), "utf8");
  const title = (parse(text) as { name?: string }).name ?? `.github/workflows/${workflow}`;
  const workflowRef = `${consumer.repository}/.github/workflows/${workflow}@${ref}`;
  const claims: Claims = {
    ...{ repository: consumer.repository, repository_owner: owner, repository_visibility: visibility },
    ...{ repository_id: "456789", repository_owner_id: owner === "acme" ? "123456" : "654321" },
    ...{ ref, sha, event_name: event, workflow: title, workflow_ref: workflowRef, workflow_sha: sha, actor },
    ...{
      run_id: String(run.id),
      run_number: "1",
      run_attempt: String(run.attempt),
      runner_environment: "github-hosted",
    },
  };
  return {
    run,
    actor,
    isFork: event === "pull_request" && given.pull_request?.head?.repo?.fork === true,
    payload: {
      repository: {
        ...{ name, full_name: consumer.repository, owner: { login: owner }, default_branch: branch },
        ...{ visibility, private: visibility === "private", fork: false },
      },
      sender: { login: actor },
      ...given,
      ref,
      after: given.after ?? sha,
    },
    environment: {
      // act knows the ref of some events only.
      GITHUB_REF: ref,
      GITHUB_REF_NAME: ref.replace(/^refs\/(heads|tags|pull)\//, ""),
      GITHUB_RUN_ID: String(run.id),
      GITHUB_RUN_NUMBER: "1",
      GITHUB_RUN_ATTEMPT: String(run.attempt),
      GITHUB_WORKFLOW_REF: workflowRef,
      GITHUB_WORKFLOW_SHA: sha,
      RUNNER_ENVIRONMENT: "github-hosted",
    },
    claimsFor(called) {
      if (!called) return { ...claims, job_workflow_ref: workflowRef, job_workflow_sha: sha };
      const { kit, file, commit } = called;
      const isCommit = /^[0-9a-f]{40}$/.test(commit);
      const at = isCommit ? commit : `refs/tags/${commit}`;
      const job_workflow_sha = isCommit ? commit : "c".repeat(40);
      return { ...claims, job_workflow_ref: `${kit}/.github/workflows/${file}@${at}`, job_workflow_sha };
    },
  };
}
