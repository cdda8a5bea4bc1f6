import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, onTestFinished, test, vi } from "vitest";
import { githubShell } from "../../src/hosts/github.ts";
import { terminalShell } from "../../src/hosts/terminal.ts";
import { githubOrigin } from "../fakes/origin.ts";

const job = {
  GITHUB_ACTOR: "ada",
  GITHUB_EVENT_NAME: "push",
  GITHUB_EVENT_PATH: "",
  GITHUB_REF: "refs/heads/main",
  GITHUB_REPOSITORY: "acme/digits",
  GITHUB_RUN_ID: "42",
  GITHUB_SERVER_URL: "https://github.com",
  GITHUB_SHA: githubOrigin.commit!,
  GITHUB_WORKFLOW_REF: "acme/digits/.github/workflows/release.yml@refs/heads/main",
};

afterEach(() => vi.unstubAllEnvs());

const sourceIn = (fields: Record<string, string | undefined> = {}) => {
  for (const [name, value] of Object.entries({ ...job, ...fields })) vi.stubEnv(name, value);
  return githubShell({ version: "0.1.0" }).source;
};

test("a job on GitHub names its repository, ref, workflow, commit and run by their addresses", () => {
  expect(sourceIn()).toEqual(githubOrigin);
});

test("on GitHub Enterprise Server the addresses are of that server", () => {
  expect(sourceIn({ GITHUB_SERVER_URL: "https://github.example" })).toMatchObject({
    repository: "https://github.example/acme/digits",
    workflow: "https://github.example/acme/digits/.github/workflows/release.yml@refs/heads/main",
  });
});

test("a pull request's merge ref is not named, as it does not hold the commit", () => {
  expect(sourceIn({ GITHUB_EVENT_NAME: "pull_request", GITHUB_REF: "refs/pull/1/merge" }).ref).toBeNull();
});

test("a runner that does not say is not guessed", () => {
  const silent = { GITHUB_WORKFLOW_REF: undefined, GITHUB_REPOSITORY: "", GITHUB_REF: "" };
  expect(sourceIn(silent)).toMatchObject({ repository: null, ref: null, workflow: null });
});

test("of a comment only the number of its issue is taken", async () => {
  const folder = await mkdtemp(join(tmpdir(), "modelgate-event-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const issueIn = async (event: object, name = "issue_comment"): Promise<number | null> => {
    const path = join(folder, "event.json");
    await writeFile(path, JSON.stringify(event));
    sourceIn({ GITHUB_EVENT_NAME: name, GITHUB_EVENT_PATH: path });
    return githubShell({ version: "0.1.0" }).approvalIssue;
  };
  expect(await issueIn({ issue: { number: 12 }, comment: { body: "/approve 13" } })).toBe(12);
  expect(await issueIn({ issue: { number: 12 } }, "issues")).toBeNull();
  for (const number of ["12", 1.5, null]) expect(await issueIn({ issue: { number } })).toBeNull();
  expect(await issueIn({})).toBeNull();
});

test("a terminal has no workflow", () => {
  const streams = { out: process.stdout, err: process.stderr };
  const { source } = terminalShell({ version: "0.1.0", json: false, streams });
  expect(source).toMatchObject({ run: null, repository: null, ref: null, workflow: null });
});
