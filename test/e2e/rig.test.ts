import { cpSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { readRun } from "./engines/act/log.ts";
import { Repository } from "./engines/consumer/index.ts";
import { type GitHub, startGitHub } from "./engines/github/index.ts";
import { type KitOptions, type KitRun, runKit } from "./engines/kit.ts";

const fixtures = join(import.meta.dirname, "../fixtures/rig");
const deployments = "/repos/acme/models/deployments";
const deploy = { ref: "main", environment: "staging", auto_merge: false, required_contexts: [] };

let github: GitHub;
let git: Repository;
beforeAll(() => {
  git = Repository.create("acme/models");
  cpSync(join(fixtures, "consumer"), git.folder, { recursive: true });
  git.commit("first");
  git.write("NOTES.md", "second");
  git.commit("second");
});
afterAll(() => git.remove());
beforeEach(async () => {
  github = await startGitHub();
  return () => github[Symbol.asyncDispose]();
});

/** What the job with rights and the one without do, a call a line. */
const run = (calls: string[], others: string[], more: Partial<KitOptions> = {}): Promise<KitRun> =>
  runKit({
    consumer: { folder: git.folder, repository: "acme/models" },
    workflow: "model.yml",
    github,
    event: "push",
    kitFolder: join(fixtures, "kit"),
    variables: { CALLS: calls.join("\n"), OTHERS: others.join("\n") },
    ...more,
  });

const answersOf = (ran: KitRun, job: string): unknown =>
  JSON.parse(ran.jobOutputs[job]?.["calls"]?.["answers"] ?? "[]");

describe("a job's token", () => {
  test("may do what caller and called workflow grant, and 403 for the rest is reported with what was needed", async () => {
    const create = `POST ${deployments} ${JSON.stringify(deploy)}`;
    const ran = await run([create, `GET ${deployments}?per_page=1`], [`GET ${deployments}`]);
    expect(ran.exitCode, ran.log).toBe(0);
    expect(ran.jobs).toEqual({ Stage: "success", Look: "success" });
    expect(answersOf(ran, "Stage")).toEqual([201, 200]);
    expect(answersOf(ran, "Look")).toEqual([403]);
    expect(ran.denied).toEqual([
      { job: "release.yml look", operation: "repos/list-deployments", needs: "deployments: read" },
    ]);
    expect(ran.calls.toSorted()).toEqual([
      `GET ${deployments} 403`,
      `GET ${deployments}?per_page=1 200`,
      `POST ${deployments} 201`,
    ]);
    expect(github.state.deployments.map(({ environment }) => environment).toSorted()).toEqual(["review", "staging"]);
    expect(github.violations).toEqual([]);
    expect(ran.annotations).toEqual([
      expect.objectContaining({ job: "Look", level: "warning", message: expect.stringContaining("not accessible by") }),
    ]);
    expect(ran.summaries.toSorted()).toEqual([
      expect.stringContaining("answers: 201, 200"),
      expect.stringContaining("403"),
    ]);
  });

  test("is needed for every call, and ends with the run", async () => {
    await run([], []);
    const status = async (headers: Record<string, string>): Promise<number> =>
      (await fetch(`${github.apiUrl}${deployments}`, { headers })).status;
    const of = (run: number): Record<string, string> => ({ authorization: `Bearer ghs_${run}_1_release_yml_stage` });
    const [first] = github.log.filter(({ by }) => by === "release.yml stage");
    expect(first).toBeDefined();
    expect(await status({})).toBe(401);
    expect(await status(of(1001))).toBe(200);
    await run([], [], { run: { id: 77, attempt: 1 } });
    expect(await status(of(1001))).toBe(401);
    expect(await status(of(77))).toBe(200);
  });

  test("cannot have more than the caller grants: the run does not start", async () => {
    const greedy = (_: string, text: string): string => text.replace("deployments: write", "issues: write");
    await expect(run([], [], { edit: greedy })).rejects.toThrow(
      "release.yml job stage asks for issues: write, but the caller grants none",
    );
    expect(github.log).toEqual([]);
  });

  test("without contents: read does not check out", async () => {
    const without = (_: string, text: string): string =>
      text.replace("contents: read\n      deployments", "deployments");
    const ran = await run([], [], { edit: without });
    expect(ran.exitCode).toBe(1);
    expect(ran.jobs).toEqual({ Stage: "failure", Look: "success" });
    expect(ran.denied).toEqual([{ job: "release.yml stage", operation: "checkout", needs: "contents: read" }]);
  });

  test("of a fork's pull request reads only, has no identity and sees no secret", async () => {
    const payload = { number: 1, pull_request: { head: { repo: { fork: true } }, base: { ref: "main" } } };
    const ran = await run([`GET ${deployments}`, `POST ${deployments} ${JSON.stringify(deploy)}`], [], {
      event: "pull_request",
      payload,
    });
    expect(ran.exitCode, ran.log).toBe(0);
    expect(answersOf(ran, "Stage")).toEqual([200, 403]);
    expect(ran.permissions["release.yml stage"]).toEqual({
      contents: "read",
      deployments: "read",
      "artifact-metadata": "read",
    });
    expect(ran.jobOutputs["Stage"]?.["identity"]).toEqual({ url: "none" });
  });
});

describe("what is watched", () => {
  test("a request GitHub's description does not allow is a violation, and so is a path it does not have", async () => {
    const ran = await run([`POST ${deployments} {"environment":5}`, "GET /repos/acme/models/wishes"], []);
    expect(answersOf(ran, "Stage")).toEqual([422, 404]);
    expect(github.violations.map(({ what, operation }) => [what, operation])).toEqual([
      ["request", "repos/create-deployment"],
      ["unknown path", "/repos/acme/models/wishes"],
    ]);
    expect(github.violations[0]!.errors.join()).toMatch(/ref/);
  });

  test("an answer of the fake itself that GitHub's description does not allow is a violation", async () => {
    await run([], []);
    github.state.deployments.push({ ...github.state.deployments[0]!, createdAt: "yesterday" });
    const answer = await github.as("ada", "GET", deployments);
    expect(answer).toHaveLength(2);
    expect(github.violations.map(({ what, operation }) => [what, operation])).toEqual([
      ["response", "repos/list-deployments"],
    ]);
  });

  test("every host but those of the fake is refused and reported", async () => {
    const ran = await run(
      ["GET https://example.com/data", "GET https://token.actions.githubusercontent.com/.well-known/jwks"],
      [],
    );
    expect(answersOf(ran, "Stage")).toEqual([0, 200]);
    expect(ran.refused).toEqual(["example.com:443"]);
  });
});

describe("a job with id-token: write", () => {
  test("is the only one that is told where to ask for its identity", async () => {
    const ran = await run([], []);
    expect(ran.jobOutputs["Stage"]?.["identity"]?.["url"]).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/runner\/id-token/);
    expect(ran.jobOutputs["Look"]?.["identity"]).toEqual({ url: "none" });
  });

  test("is named by its identity token: the called workflow, the commit, the environment", async () => {
    const ran = await run([], []);
    const answer = await fetch(`${github.apiUrl}/runner/id-token?audience=sigstore`, {
      headers: { authorization: `Bearer ghs_${ran.run.id}_1_release_yml_stage` },
    });
    const { value } = (await answer.json()) as { value: string };
    expect(JSON.parse(Buffer.from(value.split(".")[1]!, "base64url").toString())).toMatchObject({
      iss: "https://token.actions.githubusercontent.com",
      aud: "sigstore",
      sub: "repo:acme@123456/models@456789:environment:staging",
      repository: "acme/models",
      event_name: "push",
      sha: git.head,
      job_workflow_ref: `modelgate/modelgate/.github/workflows/release.yml@${"5f1c0de".repeat(5)}5f1c0`,
    });
    const other = await fetch(`${github.apiUrl}/runner/id-token`, {
      headers: { authorization: `Bearer ghs_${ran.run.id}_1_release_yml_look` },
    });
    expect(other.status).toBe(401);
  });
});

describe("what the rig does for act", () => {
  test("is listed, and nothing else is changed", async () => {
    const ran = await run([], []);
    expect(ran.lowered).toEqual([
      "model.yml on.schedule.timezone",
      "model.yml jobs.release permissions.artifact-metadata",
      "release.yml concurrency.queue",
      "release.yml jobs.stage permissions.artifact-metadata",
      "release.yml jobs.stage uses actions/checkout",
      "release.yml jobs.stage uses $/",
      "release.yml jobs.stage environment",
      "release.yml jobs.stage environment.deployment",
      "release.yml jobs.look uses actions/checkout",
      "release.yml jobs.look uses $/",
      "release.yml jobs.look environment",
    ]);
  });

  test("checkout has one commit unless it asks for all of history, and the branch's name", async () => {
    const ran = await run([], []);
    expect(ran.jobOutputs["Look"]?.["git"]).toEqual({ commits: "1" });
    expect(ran.jobOutputs["Stage"]?.["git"]).toEqual({
      commits: "2",
      branches: "refs/heads/main refs/remotes/origin/main",
      sha: `${git.head} ${git.head} refs/heads/main`,
    });
  });

  test("a job with an environment has a deployment by GitHub, unless it says no", async () => {
    await run([], []);
    expect(github.state.deployments).toEqual([expect.objectContaining({ environment: "review", sha: git.head })]);
    expect(github.state.statuses.map(({ state }) => state)).toEqual(["in_progress", "success"]);
  });

  test("legs of a matrix have the names GitHub shows, and each its own result", () => {
    const leg = (number: number, more: object): string =>
      JSON.stringify({
        job: `release/kit/Stage m${number}-${number} `,
        jobID: "stage",
        matrix: { n: number },
        ...more,
      });
    const lines = [leg(1, { stepResult: "failure", stage: "Main", stepID: ["x"] }), leg(2, {})];
    const ends = [leg(1, { jobResult: "failure" }), leg(2, { jobResult: "failure" })];
    expect(readRun(1, [...lines, ...ends].join("\n")).jobs).toEqual({ "Stage m1": "failure", "Stage m2": "success" });
    const alone = leg(1, { jobResult: "success" });
    expect(readRun(0, alone).jobs).toEqual({ "Stage m1-1": "success" });
  });
});
