import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runOf } from "../../src/hosts/github-run.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "modelgate-event-"));
});
afterAll(() => rm(folder, { recursive: true }));

const job = {
  GITHUB_API_URL: "https://api.github.com",
  GITHUB_SERVER_URL: "https://github.com",
  GITHUB_REPOSITORY: "acme/digits",
  GITHUB_RUN_ID: "42",
};

async function run(event: unknown, env: Record<string, string | undefined> = {}) {
  const path = join(folder, "event.json");
  await writeFile(path, JSON.stringify(event));
  return runOf({ ...job, GITHUB_EVENT_PATH: path, ...env }, "c".repeat(40));
}

const repository = { visibility: "internal", private: true, owner: { type: "Organization" } };

test("a run is known by its server, repository, commit and number", async () => {
  expect(await run({ repository })).toEqual({
    apiUrl: "https://api.github.com",
    serverUrl: "https://github.com",
    repository: "acme/digits",
    owner: "organization",
    visibility: "internal",
    commit: "c".repeat(40),
    id: "42",
    url: "https://github.com/acme/digits/actions/runs/42",
    pullRequest: null,
  });
});

test("on an Enterprise Server the addresses are that server's", async () => {
  const env = { GITHUB_API_URL: "https://git.example/api/v3", GITHUB_SERVER_URL: "https://git.example" };
  expect(await run({}, env)).toMatchObject({
    apiUrl: "https://git.example/api/v3",
    url: "https://git.example/acme/digits/actions/runs/42",
  });
});

test("what the event does not say is not guessed", async () => {
  expect(await run({ schedule: "5 4 * * *" })).toMatchObject({ owner: null, visibility: null, pullRequest: null });
  expect(await run({ repository: { private: true, owner: { type: "User" } } })).toMatchObject({
    owner: "user",
    visibility: "private",
  });
  expect(runOf({ ...job, GITHUB_EVENT_PATH: join(folder, "none") }, null)).toMatchObject({ pullRequest: null });
});

describe("a pull request", () => {
  const from = (full_name: string | null) => ({
    pull_request: { number: 7, head: { repo: full_name === null ? null : { full_name } } },
  });

  test.each([
    ["acme/digits", false],
    ["mallory/digits", true],
    [null, true],
  ])("with its branch in %s is from a fork: %s", async (name, fork) => {
    expect((await run(from(name)))!.pullRequest).toEqual({ number: 7, fork });
  });
});

test.each([
  ["no run", { GITHUB_RUN_ID: undefined }],
  ["a run that is no number", { GITHUB_RUN_ID: "42/../1" }],
  ["no repository", { GITHUB_REPOSITORY: "" }],
  ["a repository that is none", { GITHUB_REPOSITORY: "acme/digits/issues" }],
  ["no API", { GITHUB_API_URL: undefined }],
])("with %s there is no view", async (_, env) => {
  expect(await run({}, env)).toBeNull();
});
