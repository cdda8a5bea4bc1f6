import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { operations } from "../../../src/adapters/notifiers/github/operations.ts";
import { fakeClock } from "../../fakes/clock.ts";
import { allPermissions, deploymentStates, fakeGitHub, jobsDeployment, openPullRequest } from "../../fakes/github.ts";
import { releaseOf } from "../../fakes/release.ts";
import { shown, signal, viewOf } from "./view.ts";

const everything = {
  settings: { comment: true, commitStatus: () => true, deploymentRecord: "own", artifactRecord: true },
} as const;

test.each([
  ["deployments", "promote", { settings: { deploymentRecord: "own" } }],
  ["deployments", "promote", { settings: { deploymentRecord: "auto" } }],
  ["statuses", "gate", { settings: { commitStatus: () => true } }],
  ["pull-requests", "gate", { settings: { comment: true } }],
  ["artifact-metadata", "promote", { settings: { artifactRecord: true } }],
] as const)("without %s: write, %s warns once with the exact lines to add", async (permission, command, fields) => {
  await using github = await fakeGitHub();
  openPullRequest(github);
  jobsDeployment(github, "production", "42");
  github.permissions = { ...allPermissions, [permission]: "none" };
  const { view, warnings } = viewOf(github, fields);
  const concluding = command === "gate";
  await view.begin({ command, concluding, environment: "production", release: releaseOf("a") }, signal);
  await view.show(shown(command), signal);
  expect(warnings).toHaveLength(1);
  expect(warnings[0]).toMatchObject({
    code: "github.permission",
    hint: `Add to the job, and to the job that calls it:\n  permissions:\n    ${permission}: write`,
  });
  expect(github.calls.filter((call) => call.endsWith("403"))).toHaveLength(1);
});

test("a part without its permission does not keep the others from being shown", async () => {
  await using github = await fakeGitHub();
  openPullRequest(github);
  github.permissions = { ...allPermissions, deployments: "none" };
  const { view, warnings } = viewOf(github, everything);
  await view.show(shown("run"), signal);
  expect(warnings).toHaveLength(1);
  expect([github.state.comments.length, github.state.commitStatuses.length]).toEqual([1, 1]);
});

test("in a pull request from a fork, whose token may only read, nothing is asked for", async () => {
  await using github = await fakeGitHub();
  openPullRequest(github);
  github.permissions = {};
  const { view, warnings, notes } = viewOf(github, { ...everything, run: { pullRequest: { number: 7, fork: true } } });
  await view.show(shown("gate"), signal);
  expect(warnings).toEqual([]);
  expect(notes.join("\n")).toContain("the token of a pull request from a fork may only read");
});

test("what GitHub hides looks as if it were not there, and the permission is named all the same", async () => {
  await using github = await fakeGitHub();
  github.instead = () => ({ status: 404, body: { message: "Not Found" } });
  const { view, warnings } = viewOf(github, { settings: { deploymentRecord: "auto" } });
  await view.show(shown("promote"), signal);
  expect(warnings[0]!.hint).toContain("\n  permissions:\n    deployments: write");
});

test("a token that is not valid is said once, whatever was to be shown", async () => {
  await using github = await fakeGitHub();
  openPullRequest(github);
  const { view, warnings } = viewOf(github, { ...everything, token: "wrong" });
  await view.show(shown("run"), signal);
  expect(warnings).toHaveLength(1);
  expect(warnings[0]!.hint).toContain("The token is not valid");
});

const limited = {
  status: 403,
  body: { message: "You have exceeded a secondary rate limit" },
  headers: { "retry-after": "5" },
};

test("a request that may be sent twice is sent again when GitHub asks for patience, as late as it asks", async () => {
  await using github = await fakeGitHub();
  let refused = 0;
  github.instead = () => (refused++ === 0 ? limited : null);
  const clock = fakeClock();
  const waits: number[] = [];
  const until = async (at: number, aborted: AbortSignal): Promise<void> => {
    waits.push(at - clock.monotonic());
    clock.advance(at - clock.monotonic());
    await clock.until(at, aborted);
  };
  const { view, warnings } = viewOf(github, { settings: { commitStatus: () => true }, clock: { ...clock, until } });
  await view.show(shown("run"), signal);
  expect(warnings).toEqual([]);
  expect(waits).toEqual([5000]);
  expect(github.state.commitStatuses).toHaveLength(1);
});

/** A clock in which every wait is over at once. */
const hasty = () => ({ ...fakeClock(), until: async () => undefined });

test("a comment is not sent again after a failure: it might be there twice", async () => {
  await using github = await fakeGitHub();
  openPullRequest(github);
  github.instead = ({ method }) => (method === "POST" ? { status: 502, body: { message: "Bad Gateway" } } : null);
  const { view, warnings } = viewOf(github, { settings: { comment: true }, clock: hasty() });
  await view.show(shown("run"), signal);
  expect(github.calls.filter((call) => call.startsWith("POST"))).toHaveLength(1);
  expect(warnings).toMatchObject([{ code: "github.unavailable" }]);
});

test("an outage is tried three times and is one warning", async () => {
  await using github = await fakeGitHub();
  openPullRequest(github);
  github.instead = () => ({ status: 500, body: { message: "Server Error" } });
  const { view, warnings } = viewOf(github, { ...everything, clock: hasty() });
  await view.show(shown("gate"), signal);
  expect(github.calls.filter((call) => call.includes("/statuses/"))).toHaveLength(3);
  expect(warnings).toMatchObject([{ code: "github.unavailable" }]);
});

test.each([
  ["for longer than a view is worth", { ...limited, headers: { "retry-after": "3600" } }],
  [
    "until the hour is over",
    { status: 403, body: { message: "API rate limit exceeded" }, headers: { "x-ratelimit-remaining": "0" } },
  ],
])("a limit %s is not waited for", async (_, answer) => {
  await using github = await fakeGitHub();
  github.instead = () => answer;
  const { view, warnings } = viewOf(github, { settings: { commitStatus: () => true } });
  await view.show(shown("run"), signal);
  expect(github.calls).toHaveLength(1);
  expect(warnings).toMatchObject([{ code: "github.unavailable" }]);
});

test("a server that is not there, and one that answers nonsense, are warnings", async () => {
  const gone = await fakeGitHub();
  await gone[Symbol.asyncDispose]();
  const first = viewOf(gone, { settings: { deploymentRecord: "own" }, clock: hasty() });
  await first.view.begin(
    { command: "promote", concluding: false, environment: "production", release: releaseOf("a") },
    signal,
  );
  expect(first.warnings).toMatchObject([{ code: "github.unavailable" }]);
  await using github = await fakeGitHub();
  github.instead = () => ({ status: 200, body: "<html>" });
  const second = viewOf(github, { settings: { deploymentRecord: "own" } });
  await second.view.show(shown("promote"), signal);
  expect(second.warnings).toMatchObject([{ code: "github.refused" }]);
});

test("a deployment whose beginning could not be said is not taken for another one that was begun", async () => {
  await using github = await fakeGitHub();
  const { view } = viewOf(github, { settings: { deploymentRecord: "own" }, clock: hasty() });
  const about = { command: "promote", concluding: false, environment: "production" } as const;
  await view.begin({ ...about, release: releaseOf("a") }, signal);
  github.instead = () => ({ status: 500, body: { message: "Server Error" } });
  await view.begin({ ...about, release: releaseOf("b") }, signal);
  github.instead = () => null;
  await view.show(shown("promote", releaseOf("b")), signal);
  expect(deploymentStates(github)).toEqual(["inactive", "success"]);
});

test("each permission that is asked for stands on the page", async () => {
  const page = await readFile(join(import.meta.dirname, "../../../docs/github.md"), "utf8");
  const permissions = new Set(Object.values(operations).map(({ permission }) => permission));
  expect([...permissions].filter((permission) => !page.includes(`| \`${permission}\` |`))).toEqual([]);
});

test("a command that is stopped is not held up by its view", async () => {
  await using github = await fakeGitHub();
  const stopped = new AbortController();
  github.instead = () => {
    stopped.abort(new Error("stopped"));
    return null;
  };
  const { view, warnings } = viewOf(github, { settings: { deploymentRecord: "own" } });
  await view.begin(
    { command: "promote", concluding: false, environment: "production", release: releaseOf("a") },
    stopped.signal,
  );
  expect(warnings).toEqual([]);
});
