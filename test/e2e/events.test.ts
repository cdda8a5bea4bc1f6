import { afterAll, beforeAll, expect, test } from "vitest";
import {
  dispatch,
  issueComment,
  mergeGroup,
  pullRequest,
  push,
  Repository,
  schedule,
} from "./engines/consumer/index.ts";
import { type GitHub, startGitHub } from "./engines/github/index.ts";
import { type KitOptions, type KitRun, runKit } from "./engines/kit.ts";

/** Says what a job sees of the event, and whether history can answer what changed. */
const workflow = `name: look
on:
  push:
  pull_request:
  merge_group:
  workflow_dispatch: { inputs: { reason: { type: string } } }
  schedule: [{ cron: "1 1 * * *" }]
  issue_comment:
permissions: { contents: read }
jobs:
  look:
    runs-on: ubuntu-24.04
    steps:
      - uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1
        with: { persist-credentials: false, fetch-depth: 0 }
      - id: see
        env:
          CHANGED_FROM: \${{ github.event.before || github.event.pull_request.base.sha || github.event.merge_group.base_sha }}
          SAID: \${{ inputs.reason || github.event.schedule || github.event.comment.body || github.head_ref }}
        run: |
          {
            echo "event=$GITHUB_EVENT_NAME"
            echo "ref=$GITHUB_REF"
            echo "sha=$GITHUB_SHA"
            echo "head=$(git rev-parse HEAD)"
            echo "actor=$GITHUB_ACTOR"
            echo "repository=$GITHUB_REPOSITORY"
            echo "said=$SAID"
            echo "changed=$([ -z "$CHANGED_FROM" ] || git diff --name-only "$CHANGED_FROM" HEAD | paste -sd' ')"
          } >> "$GITHUB_OUTPUT"
`;

let github: GitHub;
let git: Repository;
beforeAll(async () => {
  github = await startGitHub();
  git = Repository.create("acme/models");
  git.write(".github/workflows/look.yml", workflow);
  git.commit("first");
  git.write("a", "1");
  git.commit("second");
});
afterAll(async () => {
  git.remove();
  await github[Symbol.asyncDispose]();
});

async function see(
  event: Pick<KitOptions, "event" | "payload" | "actor">,
): Promise<Record<string, string> | undefined> {
  const ran: KitRun = await runKit({
    consumer: { folder: git.folder, repository: "acme/models" },
    workflow: "look.yml",
    github,
    ...event,
  });
  expect(ran.exitCode, ran.log).toBe(0);
  return ran.jobOutputs["look"]?.["see"];
}
const usual = { actor: "acme", repository: "acme/models" };

test("a push is of the branch's commits since the one before", async () => {
  expect(await see(push(git))).toMatchObject({
    ...{ ...usual, event: "push", ref: "refs/heads/main", changed: "a" },
    ...{ sha: git.git("rev-parse", "main"), head: git.git("rev-parse", "main") },
  });
});

test("a pull request is the merge with main, by its author; a fork's too", async () => {
  const make = (): void => git.write("b", `${Math.random()}`);
  const own = pullRequest(git, github, { branch: "change", make, author: "ada" });
  const [merge, main] = [git.head, git.git("rev-parse", "main")];
  expect(git.git("show", "-s", "--format=%P", merge)).toBe(`${main} ${own.head}`);
  expect(await see(own)).toEqual({
    ...{ ...usual, event: "pull_request", ref: `refs/pull/${own.number}/merge`, sha: merge, head: merge },
    ...{ actor: "ada", said: "change", changed: "b" },
  });
  const path = `/repos/acme/models/commits/${own.head}`;
  expect(await github.as("ada", "GET", path)).toMatchObject({ author: { login: "ada" }, parents: [{ sha: main }] });
  const pulls = await github.as("ada", "GET", `/repos/acme/models/commits/${own.head}/pulls`);
  expect(pulls).toEqual([expect.objectContaining({ number: own.number })]);
  const foreign = pullRequest(git, github, { branch: "evil", make, fork: "mallory" });
  expect(await see(foreign)).toMatchObject({ actor: "mallory", changed: "b" });
  expect(git.git("branch", "--list", "evil")).toBe("");
});

test("a merge group is the branch on top of main", async () => {
  git.git("checkout", "-q", "-B", "queued", "main");
  git.write("c", "1");
  git.commit("queued");
  expect(await see(mergeGroup(git, "queued"))).toMatchObject({
    ...{
      event: "merge_group",
      ref: `refs/heads/${git.git("branch", "--show-current")}`,
      sha: git.head,
      head: git.head,
    },
    changed: "c",
  });
});

test("by hand, by the clock and by a comment it is main", async () => {
  const main = { sha: git.git("rev-parse", "main"), head: git.git("rev-parse", "main"), ref: "refs/heads/main" };
  expect(await see(dispatch(git, { reason: "because" }))).toMatchObject({
    ...main,
    event: "workflow_dispatch",
    said: "because",
  });
  expect(await see(schedule(git))).toMatchObject({ ...main, event: "schedule", said: "17 6 * * *" });
  await github.as("acme", "POST", "/repos/acme/models/issues", { title: "Approve" });
  const issue = github.state.issues.at(-1)!;
  await github.as("grace", "POST", `/repos/acme/models/issues/${issue.number}/comments`, { body: "I approve" });
  const comment = github.state.comments.at(-1)!;
  expect(await see(issueComment(git, { issue, comment }))).toMatchObject({
    ...{ ...main, event: "issue_comment", said: "I approve", actor: "grace" },
  });
});
