import { expect, test } from "vitest";
import { deploymentStates, type FakeGitHub, fakeGitHub, jobEnds, jobsDeployment } from "../../fakes/github.ts";
import { releaseOf } from "../../fakes/release.ts";
import { commit, shown, signal, viewOf } from "./view.ts";

const [first, second] = [releaseOf("a"), releaseOf("b")];
const own = { settings: { deploymentRecord: "own" } } as const;
const auto = { settings: { deploymentRecord: "auto" } } as const;

type Github = FakeGitHub & { token: string };
type Command = "promote" | "rollback" | "deploy" | "run";

/** One run that deploys, as the commands do it. */
async function deploys(github: Github, run: string, command: Command, release = first) {
  const seen = viewOf(github, { ...own, run: { id: run } });
  const environment = command === "promote" || command === "rollback" ? "production" : "staging";
  await seen.view.begin({ command, concluding: false, environment, release }, signal);
  await seen.view.show(shown(command, release), signal);
  return seen;
}

/** A job with the environment production: GitHub's deployment around what modelgate does. */
async function jobDeploys(
  github: Github,
  run: string,
  work: () => Promise<void>,
  ended: "success" | "failure" = "success",
) {
  const made = jobsDeployment(github, "production", run);
  await work();
  jobEnds(github, made, ended);
  return made;
}

const writes = ({ calls }: FakeGitHub): string[] => calls.filter((call) => !call.startsWith("GET"));

test("own: a promotion is a deployment with its image, model and verdict, which is in progress and then succeeds", async () => {
  await using github = await fakeGitHub();
  const { warnings, notes } = await deploys(github, "42", "promote");
  expect(warnings).toEqual([]);
  expect(github.violations).toEqual([]);
  expect(github.state.deployments).toMatchObject([
    {
      sha: commit,
      task: "deploy:model",
      environment: "production",
      production: true,
      transient: false,
      payload: {
        model: "digits",
        image: `${first.image.repository}@${first.image.digest}`,
        "model-digest": first.model.digest,
        verdict: "pass",
        run: "42",
      },
    },
  ]);
  expect(github.state.statuses).toMatchObject([
    { state: "in_progress", logUrl: "https://github.com/acme/digits/actions/runs/42" },
    { state: "success", description: "promote is done", environmentUrl: "http://127.0.0.1:8080" },
  ]);
  expect(notes).toEqual([`GitHub's API was sent ${github.calls.length} requests`]);
});

test("own: what is asked of GitHub merges nothing and waits for no check", async () => {
  await using github = await fakeGitHub();
  await deploys(github, "42", "promote");
  const sent = github.bodies[github.calls.findIndex((call) => call === "POST /repos/acme/digits/deployments 201")];
  expect(sent).toMatchObject({ required_contexts: [], auto_merge: false });
});

test("own: a second attempt of the run finds its deployment and makes no other", async () => {
  await using github = await fakeGitHub();
  await deploys(github, "42", "promote");
  await deploys(github, "42", "promote");
  expect(deploymentStates(github)).toEqual(["success"]);
});

test("own: the deployment in production before becomes inactive", async () => {
  await using github = await fakeGitHub();
  await deploys(github, "1", "promote", first);
  await deploys(github, "2", "promote", second);
  await deploys(github, "3", "promote", first);
  expect(deploymentStates(github)).toEqual(["inactive", "inactive", "success"]);
  expect(github.state.statuses.find(({ state }) => state === "inactive")?.description).toContain(second.image.digest);
});

test("own: what is older than an inactive deployment is not looked at again", async () => {
  await using github = await fakeGitHub();
  for (const [run, release] of [
    ["1", first],
    ["2", second],
    ["3", first],
    ["4", second],
  ] as const)
    await deploys(github, run, "promote", release);
  const oldest = github.state.deployments[0]!.id;
  const before = github.calls.length;
  await deploys(github, "5", "promote", first);
  expect(deploymentStates(github)).toEqual(["inactive", "inactive", "inactive", "inactive", "success"]);
  expect(github.calls.slice(before).filter((call) => call.includes(`/${oldest}/`))).toEqual([]);
});

test("own: deployments of another model and of other tools stay as they are", async () => {
  await using github = await fakeGitHub();
  const other = { ...first, model: { ...first.model, name: "letters" } };
  await deploys(github, "1", "promote", other);
  const tools = jobsDeployment(github, "production", "2");
  jobEnds(github, tools);
  await deploys(github, "3", "promote", second);
  expect(deploymentStates(github)).toEqual(["success", "success", "success"]);
});

test("own: two models share an environment that is not production, and neither makes the other inactive", async () => {
  await using github = await fakeGitHub();
  await deploys(github, "1", "deploy", { ...first, model: { ...first.model, name: "letters" } });
  await deploys(github, "2", "deploy", second);
  expect(deploymentStates(github)).toEqual(["success", "success"]);
});

test("own: a rollback in the same run is a deployment of its own", async () => {
  await using github = await fakeGitHub();
  await deploys(github, "1", "promote", first);
  await deploys(github, "2", "promote", second);
  await deploys(github, "2", "rollback", first);
  expect(deploymentStates(github)).toEqual(["inactive", "inactive", "success"]);
});

test("own: what ran before is put back without a deployment of its own, and the one that failed is the error", async () => {
  await using github = await fakeGitHub();
  await deploys(github, "1", "promote", first);
  const { view } = viewOf(github, { ...own, run: { id: "2" } });
  const about = { command: "promote", concluding: false, environment: "production" } as const;
  await view.begin({ ...about, release: second }, signal);
  await view.begin({ ...about, release: first }, signal);
  await view.fail({ command: "promote", concluding: false, problems: [], markdown: "" });
  expect(deploymentStates(github)).toEqual(["success", "error"]);
});

test("own: a deployment that failed is an error with the reason, and what ran before stays active", async () => {
  await using github = await fakeGitHub();
  await deploys(github, "1", "promote", first);
  const { view, warnings } = viewOf(github, { ...own, run: { id: "2" } });
  await view.begin({ command: "promote", concluding: false, environment: "production", release: second }, signal);
  const problem = { code: "platform.not-ready", message: "it did not get ready", hint: "" } as const;
  await view.fail({ command: "promote", concluding: false, problems: [problem], markdown: "" });
  expect(warnings).toEqual([]);
  expect(deploymentStates(github)).toEqual(["success", "error"]);
  expect(github.state.statuses.at(-1)?.description).toBe("promote of digits failed: it did not get ready");
});

test.each([
  ["pass", "success"],
  ["fail", "failure"],
  ["inconclusive", "error"],
  ["error", "error"],
] as const)("own: a run with the verdict %s is a deployment in the state %s", async (verdict, state) => {
  await using github = await fakeGitHub();
  const { view } = viewOf(github, own);
  await view.begin({ command: "run", concluding: true, environment: "staging", release: first }, signal);
  await view.show(shown("run", first, { verdict }), signal);
  expect(deploymentStates(github)).toEqual([state]);
});

test("own: a run killed between deploying and telling is made up for by one that finds it deployed", async () => {
  await using github = await fakeGitHub();
  const killed = viewOf(github, { ...own, run: { id: "1" } });
  await killed.view.begin({ command: "promote", concluding: false, environment: "production", release: first }, signal);
  const { view } = viewOf(github, { ...own, run: { id: "2" } });
  await view.show(shown("promote", first), signal);
  expect(deploymentStates(github)).toEqual(["inactive", "success"]);
});

test("own: a run that finds its image deployed and said so already adds nothing", async () => {
  await using github = await fakeGitHub();
  await deploys(github, "1", "promote", first);
  const before = writes(github).length;
  const { view } = viewOf(github, { ...own, run: { id: "2" } });
  await view.show(shown("promote", first), signal);
  expect(writes(github).slice(before)).toEqual([]);
});

test("own: nothing is said of a promotion that waits for an approval", async () => {
  await using github = await fakeGitHub();
  const { view } = viewOf(github, own);
  await view.show(shown("promote", first, { verdict: "inconclusive", url: null }), signal);
  expect(github.calls).toEqual([]);
});

test("own: after a removal nothing is active", async () => {
  await using github = await fakeGitHub();
  await deploys(github, "1", "deploy", first);
  await deploys(github, "2", "deploy", second);
  const { view } = viewOf(github, { ...own, run: { id: "3" } });
  await view.show(
    shown("remove", null, { environment: "staging", previousImage: second.image, verdict: "none" }),
    signal,
  );
  expect(deploymentStates(github)).toEqual(["inactive", "inactive"]);
});

test("auto: the job's own deployment is told which model it is and where it answers, and its end is left to GitHub", async () => {
  await using github = await fakeGitHub();
  const made = jobsDeployment(github, "production", "42");
  const { view, warnings } = viewOf(github, auto);
  await view.begin({ command: "promote", concluding: false, environment: "production", release: first }, signal);
  await view.show(shown("promote", first), signal);
  expect(warnings).toEqual([]);
  expect(github.state.deployments).toHaveLength(1);
  const said = github.state.statuses.filter(({ deployment }) => deployment === made.id);
  expect(said.map(({ state }) => state)).toEqual(["in_progress", "in_progress"]);
  expect(said.at(-1)).toMatchObject({
    description: expect.stringMatching(/^modelgate promote: digits [0-9a-f]{12}$/) as string,
    environmentUrl: "http://127.0.0.1:8080",
  });
});

test("auto: the production deployment of the job before becomes inactive, and no older one is looked at again", async () => {
  await using github = await fakeGitHub();
  for (const [run, release] of [
    ["1", first],
    ["2", second],
    ["3", first],
    ["4", second],
  ] as const)
    await jobDeploys(github, run, () =>
      viewOf(github, { ...auto, run: { id: run } }).view.show(shown("promote", release), signal),
    );
  expect(deploymentStates(github)).toEqual(["inactive", "inactive", "inactive", "success"]);
  const reads = github.calls.filter((call) => /^GET .*\/statuses/.test(call));
  expect(reads.length).toBe(1 + 2 + 3 + 3);
});

test("auto: deployments of other models, of unknown ones, and of other tools stay as they are", async () => {
  await using github = await fakeGitHub();
  const letters = { ...first, model: { ...first.model, name: "letters" } };
  await jobDeploys(github, "1", () =>
    viewOf(github, { ...auto, run: { id: "1" } }).view.show(shown("promote", letters), signal),
  );
  await jobDeploys(github, "2", async () => undefined);
  const foreign = await jobDeploys(github, "3", async () => undefined);
  foreign.creator = "argo[bot]";
  await jobDeploys(github, "4", () =>
    viewOf(github, { ...auto, run: { id: "4" } }).view.show(shown("promote", second), signal),
  );
  expect(deploymentStates(github)).toEqual(["success", "success", "success", "success"]);
});

test("auto: a job without an environment has no deployment, and none is made", async () => {
  await using github = await fakeGitHub();
  jobsDeployment(github, "production", "421");
  const { view, warnings } = viewOf(github, auto);
  await view.show(shown("promote", first), signal);
  expect(writes(github)).toEqual([]);
  expect(warnings).toEqual([]);
});

test("auto: a deployment that another tool made in this run is not the job's", async () => {
  await using github = await fakeGitHub();
  jobsDeployment(github, "production", "42").creator = "release-robot[bot]";
  await viewOf(github, auto).view.show(shown("promote", first), signal);
  expect(writes(github)).toEqual([]);
});

test("auto: of several legs of a matrix in one environment none is guessed to be ours", async () => {
  await using github = await fakeGitHub();
  jobsDeployment(github, "staging", "42");
  jobsDeployment(github, "staging", "42");
  const { view } = viewOf(github, auto);
  await view.show(shown("deploy", first), signal);
  expect(writes(github)).toEqual([]);
});

test("auto: a second attempt names its own deployment, not the one of the first that failed", async () => {
  await using github = await fakeGitHub();
  await jobDeploys(github, "42", async () => undefined, "failure");
  const again = jobsDeployment(github, "production", "42");
  await viewOf(github, auto).view.show(shown("promote", first), signal);
  await viewOf(github, auto).view.show(shown("promote", first), signal);
  expect(
    github.state.statuses.filter(({ description }) => description !== "").map(({ deployment }) => deployment),
  ).toEqual([again.id]);
});

test("auto: a job that promotes and takes back makes the deployment before the active one again", async () => {
  await using github = await fakeGitHub();
  await jobDeploys(github, "1", () =>
    viewOf(github, { ...auto, run: { id: "1" } }).view.show(shown("promote", first), signal),
  );
  const taken = async (): Promise<void> => {
    await viewOf(github, { ...auto, run: { id: "2" } }).view.show(shown("promote", second), signal);
    expect(deploymentStates(github)).toEqual(["inactive", "in_progress"]);
    await viewOf(github, { ...auto, run: { id: "2" } }).view.show(shown("rollback", first), signal);
  };
  await jobDeploys(github, "2", taken, "failure");
  expect(deploymentStates(github)).toEqual(["success", "failure"]);
});

test("auto: after a removal nothing of the model is active", async () => {
  await using github = await fakeGitHub();
  await jobDeploys(github, "1", () =>
    viewOf(github, { ...auto, run: { id: "1" } }).view.show(shown("promote", first), signal),
  );
  const { view } = viewOf(github, { ...auto, run: { id: "2" } });
  await view.show(shown("remove", null, { environment: "production", verdict: "none" }), signal);
  expect(deploymentStates(github)).toEqual(["inactive"]);
});

test("none: GitHub is asked nothing", async () => {
  await using github = await fakeGitHub();
  const { view, notes } = viewOf(github);
  await view.begin({ command: "promote", concluding: false, environment: "production", release: first }, signal);
  await view.show(shown("promote", first), signal);
  await view.fail({ command: "promote", concluding: false, problems: [], markdown: "" });
  expect([github.calls, notes]).toEqual([[], []]);
});
