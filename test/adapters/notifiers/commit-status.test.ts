import { expect, test } from "vitest";
import type { CollectedModel } from "../../../src/domain/collected.ts";
import { fakeGitHub } from "../../fakes/github.ts";
import { releaseOf } from "../../fakes/release.ts";
import { commit, shown, signal, viewOf } from "./view.ts";

const settings = { commitStatus: () => true };

test("a verdict is a status of the commit, named after the model, with the run's address", async () => {
  await using github = await fakeGitHub();
  const { view, warnings } = viewOf(github, { settings });
  await view.show(shown("gate", releaseOf("a"), { verdict: "fail", headline: "digits fails accuracy >= 0.9" }), signal);
  expect([warnings, github.violations]).toEqual([[], []]);
  expect(github.state.commitStatuses).toMatchObject([
    {
      sha: commit,
      context: "modelgate/digits",
      state: "failure",
      description: "fail: digits fails accuracy >= 0.9",
      targetUrl: "https://github.com/acme/digits/actions/runs/42",
    },
  ]);
});

test("a run is pending from its deployment to its verdict", async () => {
  await using github = await fakeGitHub();
  const { view } = viewOf(github, { settings });
  await view.begin({ command: "run", concluding: true, environment: "staging", release: releaseOf("a") }, signal);
  await view.show(shown("run"), signal);
  expect(github.state.commitStatuses.map(({ state }) => state)).toEqual(["pending", "success"]);
});

test("what fails without a verdict is an error with its reason", async () => {
  await using github = await fakeGitHub();
  const { view } = viewOf(github, { settings });
  const problem = { code: "model.empty", message: "models/digits.onnx has no bytes", hint: "" } as const;
  await view.fail({ command: "run", concluding: true, problems: [problem], markdown: "" });
  expect(github.state.commitStatuses).toMatchObject([
    { state: "error", description: "error: models/digits.onnx has no bytes" },
  ]);
});

test("collect sets a line for each model that wants one", async () => {
  await using github = await fakeGitHub();
  const model = (name: string, verdict: CollectedModel["verdict"]): CollectedModel => ({
    ...{ name, config: `${name}/modelgate.yml`, verdict, headline: `${name} is judged` },
    ...{ unfinished: false, image: null, url: null, records: {} },
  });
  const models = [model("digits", "pass"), model("letters", "error"), model("quiet", "pass")];
  const collected = { verdict: "error", headline: "", models, unexplained: [] } as const;
  const { view } = viewOf(github, { model: null, settings: { commitStatus: (name) => name !== "quiet" } });
  await view.show(shown("collect", null, { collected, verdict: "error" }), signal);
  expect(github.state.commitStatuses.map(({ context, state }) => [context, state])).toEqual([
    ["modelgate/digits", "success"],
    ["modelgate/letters", "error"],
  ]);
});

test("a description has 140 characters at most, no half characters and none that GitHub refuses", async () => {
  await using github = await fakeGitHub();
  const { view, warnings } = viewOf(github, { settings });
  const headline = `${"x".repeat(100)}${"ä".repeat(100)}\u{1F600}`;
  await view.show(shown("run", releaseOf("a"), { headline }), signal);
  const [status] = github.state.commitStatuses;
  expect(status!.description).toBe(`${"x".repeat(100)}${"ä".repeat(39)}…`);
  expect(warnings).toEqual([]);
});

test("nothing is set where the run names no commit", async () => {
  await using github = await fakeGitHub();
  await viewOf(github, { settings, run: { commit: null } }).view.show(shown("run"), signal);
  expect(github.calls).toEqual([]);
});
