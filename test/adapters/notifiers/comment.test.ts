import { expect, test } from "vitest";
import { commentBy, fakeGitHub, openPullRequest } from "../../fakes/github.ts";
import { shown, signal, viewOf } from "./view.ts";

const settings = { comment: true };
const marker = "<!-- modelgate:model/digits -->\n<!-- run 42 -->\n";
const own = "github-actions[bot]";

const bodies = ({ state }: { state: { comments: { body: string }[] } }): string[] =>
  state.comments.map(({ body }) => body);

test("a verdict is one comment in the pull request, written anew where it stands", async () => {
  await using github = await fakeGitHub();
  openPullRequest(github);
  const { view, warnings } = viewOf(github, { settings });
  await view.show(shown("run"), signal);
  await view.show(shown("gate"), signal);
  expect(warnings).toEqual([]);
  expect(github.violations).toEqual([]);
  expect(bodies(github)).toEqual([`${marker}# gate is done`]);
});

test("a comment that says the same already is left as it is", async () => {
  await using github = await fakeGitHub();
  openPullRequest(github);
  const { view } = viewOf(github, { settings });
  await view.show(shown("run"), signal);
  await view.show(shown("run"), signal);
  expect(github.calls.filter((call) => call.startsWith("PATCH"))).toEqual([]);
  expect(github.state.comments).toHaveLength(1);
});

test("of several models each has its own comment, and what collect says of all another", async () => {
  await using github = await fakeGitHub();
  openPullRequest(github);
  await viewOf(github, { settings }).view.show(shown("run"), signal);
  await viewOf(github, { settings, model: "letters" }).view.show(shown("run"), signal);
  await viewOf(github, { settings, model: null }).view.show(shown("collect"), signal);
  expect(bodies(github).map((body) => body.split("\n")[0])).toEqual([
    "<!-- modelgate:model/digits -->",
    "<!-- modelgate:model/letters -->",
    "<!-- modelgate:release -->",
  ]);
});

test.each(["mallory", "dependabot[bot]"])("a comment of %s that has the marker is left alone", async (author) => {
  await using github = await fakeGitHub();
  openPullRequest(github);
  const planted = commentBy(github, author, `${marker}nothing to see here`);
  const { view, warnings } = viewOf(github, { settings });
  await view.show(shown("run"), signal);
  await view.show(shown("gate"), signal);
  expect(warnings).toEqual([]);
  expect(planted.body).toBe(`${marker}nothing to see here`);
  expect(github.state.comments.map(({ author }) => author)).toEqual([author, own]);
  expect(github.state.comments[1]!.body).toContain("gate is done");
});

test("a server that does not say whose the token is gets a new comment, and nobody else's is touched", async () => {
  await using github = await fakeGitHub();
  openPullRequest(github);
  github.viewer = null;
  const planted = commentBy(github, "mallory", marker);
  const { view, warnings } = viewOf(github, { settings });
  await view.show(shown("run"), signal);
  expect(warnings).toEqual([]);
  expect(planted.body).toBe(marker);
  expect(github.state.comments).toHaveLength(2);
});

test("the comment of an app is found again with the app's own token", async () => {
  await using github = await fakeGitHub();
  openPullRequest(github);
  github.viewer = "release-robot[bot]";
  const ours = commentBy(github, "release-robot[bot]", `${marker}old`);
  await viewOf(github, { settings }).view.show(shown("run"), signal);
  expect(ours.body).toBe(`${marker}# run is done`);
  expect(github.state.comments).toHaveLength(1);
});

test("a comment that only quotes the marker is not the comment", async () => {
  await using github = await fakeGitHub();
  openPullRequest(github);
  const quote = commentBy(github, own, `> ${marker}`);
  await viewOf(github, { settings }).view.show(shown("run"), signal);
  expect(quote.body).toBe(`> ${marker}`);
  expect(github.state.comments).toHaveLength(2);
});

test("the comment is found on the third page, and pages behind it are not read", async () => {
  await using github = await fakeGitHub();
  openPullRequest(github);
  for (let count = 0; count < 250; count++) commentBy(github, "ada", `comment ${count}`);
  const ours = commentBy(github, own, `${marker}old`);
  for (let count = 0; count < 250; count++) commentBy(github, "ada", `later ${count}`);
  await viewOf(github, { settings }).view.show(shown("run"), signal);
  expect(ours.body).toBe(`${marker}# run is done`);
  expect(github.state.comments).toHaveLength(501);
  expect(github.calls.filter((call) => call.startsWith("GET"))).toHaveLength(3);
});

test("an older run does not write over what a newer one wrote", async () => {
  await using github = await fakeGitHub();
  openPullRequest(github);
  await viewOf(github, { settings, run: { id: "100" } }).view.show(shown("run"), signal);
  await viewOf(github, { settings, run: { id: "99" } }).view.show(shown("gate"), signal);
  expect(bodies(github)).toEqual(["<!-- modelgate:model/digits -->\n<!-- run 100 -->\n# run is done"]);
});

test("a command that fails writes that over the verdict of an earlier commit", async () => {
  await using github = await fakeGitHub();
  openPullRequest(github);
  const { view } = viewOf(github, { settings });
  await view.show(shown("run"), signal);
  await view.fail({ command: "run", concluding: true, problems: [], markdown: "# no outcome" });
  expect(bodies(github)).toEqual([`${marker}# no outcome`]);
});

test("no comment is written outside a pull request, by a leg of a plan, or where the configuration says none", async () => {
  await using github = await fakeGitHub();
  openPullRequest(github);
  await viewOf(github, { settings, run: { pullRequest: null } }).view.show(shown("run"), signal);
  await viewOf(github, { settings }).view.show({ ...shown("gate"), concluding: false }, signal);
  await viewOf(github, { settings: { comment: false } }).view.show(shown("run"), signal);
  expect(github.calls).toEqual([]);
});
