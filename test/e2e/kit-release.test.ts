import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import {
  type Consumer,
  dispatch,
  keyless,
  makeConsumer,
  mergeGroup,
  pullRequest,
  push,
  schedule,
} from "./engines/consumer/index.ts";
import { type Machine, startMachine } from "./engines/machine.ts";
import { printedBy, runScenario, type ScenarioRun, sharedOut, writesOf } from "./engines/scenario.ts";

let machine: Machine;
let consumer: Consumer;
beforeAll(async () => {
  machine = await startMachine();
});
afterAll(() => machine[Symbol.asyncDispose]());

const made: Consumer[] = [];
afterAll(() => made.forEach((one) => one.remove()));

let count = 0;
/** A fresh repository, with models that no other scenario has. */
async function fresh(models: number, config: object = {}): Promise<Consumer> {
  const { base, github } = machine;
  count += 1;
  const names = Array.from({ length: models }, (_, index) => `s${count}-${"abcde"[index]}`);
  const one = await makeConsumer({
    registry: "ghcr.io/acme",
    base,
    signing: keyless(github),
    platform: "local",
    models: names,
    config,
  });
  made.push(one);
  return one;
}

const run = (event: Parameters<typeof runScenario>[3], options = {}): Promise<ScenarioRun> =>
  runScenario(machine, consumer, "model.yml", event, options);
const jobs = (ran: ScenarioRun): Record<string, string> => ran.jobs;
const models = (ran: ScenarioRun): string[] =>
  (JSON.parse(ran.jobOutputs["Plan"]?.["plan"]?.["models"] ?? "[]") as { name: string }[]).map(({ name }) => name);
const verdict = (ran: ScenarioRun): string | undefined => ran.jobOutputs["Collect"]?.["collect"]?.["verdict"];

describe("a push releases what it changed", () => {
  beforeAll(async () => {
    consumer = await fresh(2);
  });

  test("the first push releases every model", async () => {
    const ran = await run(push(consumer.git, { before: "0".repeat(40) }));
    expect(ran.exitCode, printedBy(ran)).toBe(0);
    const [a, b] = consumer.models.map(({ name }) => name);
    expect(models(ran)).toEqual([a, b]);
    expect(Object.values(jobs(ran))).toEqual(Array(6).fill("success"));
    expect(verdict(ran)).toBe("pass");
    expect(Object.keys(JSON.parse(ran.jobOutputs["Collect"]!["collect"]!["images"]!) as object)).toEqual([a, b]);
    expect(ran.errors).toEqual([]);
    expect(ran.denied).toEqual([]);
    expect(ran.summary).toMatch(/^## PASS: /m);
  });

  test("one changed model: the other one is left alone, and the plan says why", async () => {
    const [a, b] = consumer.models.map(({ name }) => name);
    const before = consumer.git.head;
    consumer.putModel("better", b);
    consumer.commit("A better model");
    const ran = await run(push(consumer.git, { before }));
    expect(ran.exitCode, printedBy(ran)).toBe(0);
    expect(models(ran)).toEqual([b]);
    expect(Object.keys(jobs(ran))).toEqual(["Plan", `Build ${b}`, `Stage ${b}`, "Collect"]);
    expect(ran.summary).toContain(`nothing it names changed`);
    expect(ran.printed["Plan"]).toMatch(new RegExp(`leave\\s+${a}|${a}.*nothing it names changed`));
  });

  test("no changed model: nothing runs but the plan", async () => {
    const before = consumer.git.head;
    consumer.touchUnrelated();
    consumer.commit("A note");
    const ran = await run(push(consumer.git, { before }));
    expect(ran.exitCode, printedBy(ran)).toBe(0);
    expect(models(ran)).toEqual([]);
    expect(Object.entries(jobs(ran)).filter(([, result]) => result === "success")).toEqual([["Plan", "success"]]);
  });

  test("changed data release the model that names them", async () => {
    const [a] = consumer.models.map(({ name }) => name);
    const before = consumer.git.head;
    consumer.putData(180, a);
    consumer.commit("Other data");
    expect(models(await run(push(consumer.git, { before })))).toEqual([a]);
  });
});

describe("a release that is not good", () => {
  beforeEach(async () => {
    consumer = await fresh(1);
  });
  const [stage, collect] = ["Stage", "Collect"];
  const staged = (ran: ScenarioRun): string => jobs(ran)[`${stage} ${consumer.models[0]!.name}`]!;

  test("a gate that fails fails the job, and staging is emptied", async () => {
    consumer.putModel("worse");
    consumer.commit("A worse model");
    const ran = await run(push(consumer.git));
    expect(ran.exitCode).not.toBe(0);
    expect([staged(ran), jobs(ran)[collect]]).toEqual(["failure", "failure"]);
    expect(verdict(ran)).toBe("fail");
    expect(ran.summary).toMatch(/^## FAIL: .*accuracy/m);
    expect(ran.errors.some((text) => text.includes("accuracy"))).toBe(true);
    expect(ran.summary).toContain("staging runs nothing any more");
  });

  test("a gate that cannot be settled is inconclusive, and says how many rows would settle it", async () => {
    consumer.editConfig("accuracy >= 0.90", "accuracy >= 0.96 @95%");
    consumer.commit("A gate that wants more rows");
    const ran = await run(push(consumer.git));
    expect(verdict(ran)).toBe("inconclusive");
    expect(staged(ran)).toBe("failure");
    expect(ran.summary).toMatch(/^## INCONCLUSIVE: /m);
  });

  test("what is served wrongly fails, though its file is good", async () => {
    consumer.skew();
    consumer.commit("Scale the pixels");
    const ran = await run(push(consumer.git));
    expect(verdict(ran), printedBy(ran)).toBe("fail");
  });

  test("a model that is no model stops at the build, with the place", async () => {
    consumer.git.write(`${consumer.models[0]!.folder}/model.onnx`, "<html>not found</html>");
    consumer.commit("A download that failed");
    const ran = await run(push(consumer.git));
    expect(jobs(ran)[`Build ${consumer.models[0]!.name}`]).toBe("failure");
    expect(verdict(ran)).toBe("error");
    expect(ran.errors.some((text) => text.startsWith("model."))).toBe(true);
  });

  test("a mistake in modelgate.yml stops the plan, at its line", async () => {
    consumer.editConfig("accuracy >= 0.90", "acuracy >= 0.90");
    consumer.commit("A mistake");
    const ran = await run(push(consumer.git));
    expect(jobs(ran)["Plan"]).toBe("failure");
    expect(Object.values(jobs(ran)).filter((result) => result === "success")).toEqual([]);
    expect(ran.annotations).toContainEqual(
      expect.objectContaining({
        level: "error",
        file: consumer.models[0]!.config,
        line: expect.stringMatching(/^\d+$/),
      }),
    );
  });

  test("run again, the same run finds its image and comes to the same digest", async () => {
    const first = await run(push(consumer.git), {
      edit: (file: string, text: string) =>
        file === "release.yml" ? text.replace("command: smoke", "command: smok") : text,
    });
    expect(staged(first)).toBe("failure");
    const again = await run(push(consumer.git), { run: { id: first.run.id, attempt: 2 } });
    expect(again.exitCode, printedBy(again)).toBe(0);
    const build = `Build ${consumer.models[0]!.name}`;
    const image = (ran: ScenarioRun): unknown => Object.values(ran.jobOutputs[build]!)[0]!["image"];
    expect(image(again)).toBe(image(first));
    expect(verdict(again)).toBe("pass");
  });
});

test("rows shared out over three jobs come to one verdict of all of them", async () => {
  consumer = await fresh(1);
  const { name } = consumer.models[0]!;
  const ran = await run(push(consumer.git, { before: "0".repeat(40) }), { edit: sharedOut(3) });
  expect(ran.exitCode, printedBy(ran)).toBe(0);
  const asked = ["1/3", "2/3", "3/3"].map((part) => jobs(ran)[`Ask ${part} of ${name}`]);
  expect([...asked, jobs(ran)[`Stage ${name}`], verdict(ran)]).toEqual([...Array(4).fill("success"), "pass"]);
  expect(ran.printed[`Stage ${name}`]).toMatch(/200 rows and \d+ load requests are measured/);
});

test("five models, one of them worse: four pass, and the one result says which failed", async () => {
  consumer = await fresh(5);
  const worse = consumer.models[2]!.name;
  consumer.putModel("worse", worse);
  consumer.commit("Five models");
  const ran = await run(push(consumer.git, { before: "0".repeat(40) }));
  expect(ran.exitCode).not.toBe(0);
  const results = consumer.models.map(({ name }) => jobs(ran)[`Stage ${name}`]);
  expect(results, printedBy(ran)).toEqual(["success", "success", "failure", "success", "success"]);
  expect(verdict(ran)).toBe("fail");
  expect(ran.printed["Collect"]).toMatch(new RegExp(`fail\\s+${worse}`));
});

describe("what else can start a release", () => {
  beforeAll(async () => {
    consumer = await fresh(2);
  });

  test("by hand and by the clock all models are released", async () => {
    const all = consumer.models.map(({ name }) => name);
    expect(models(await run(dispatch(consumer.git)))).toEqual(all);
    expect(models(await run(schedule(consumer.git)))).toEqual(all);
  });

  test("a pull request releases what it changes: a status at its commit, and one comment kept up to date", async () => {
    const [a] = consumer.models.map(({ name }) => name);
    const { state } = machine.github;
    const propose = (candidate: "better" | "worse") =>
      pullRequest(consumer.git, machine.github, {
        branch: "proposal",
        make: () => consumer.putModel(candidate, a),
        number: 77,
      });
    const proposal = propose("better");
    const ran = await run(proposal);
    expect(ran.exitCode, printedBy(ran)).toBe(0);
    expect(models(ran)).toEqual([a]);
    expect(verdict(ran)).toBe("pass");
    expect(state.commitStatuses.filter(({ sha }) => sha === proposal.head)).toEqual([
      expect.objectContaining({ state: "success", context: `modelgate/${a}` }),
    ]);
    const comments = () => state.comments.filter(({ issue }) => issue === 77);
    expect(comments()).toEqual([expect.objectContaining({ body: expect.stringContaining("PASS") })]);

    const again = await run(propose("worse"));
    expect(verdict(again), printedBy(again)).toBe("fail");
    expect(comments()).toEqual([expect.objectContaining({ body: expect.stringContaining("FAIL") })]);
    // The job's own deployment is named; the next one also calls it inactive.
    const named = "POST /deployments/…/statuses 201";
    expect(writesOf(ran)).toEqual([named, "POST /statuses/… 201", "POST /issues/…/comments 201"]);
    expect(writesOf(again)).toEqual([named, named, "POST /statuses/… 201", "PATCH /issues/comments/… 200"]);
  });

  test("a pull request of a fork is checked, and pushes nothing", async () => {
    const [a] = consumer.models.map(({ name }) => name);
    const ran = await run(
      pullRequest(consumer.git, machine.github, {
        branch: "theirs",
        fork: "mallory",
        make: () => consumer.putModel("worse", a),
      }),
    );
    expect(ran.exitCode, printedBy(ran)).toBe(0);
    expect(jobs(ran)[`Build ${a}`]).toBe("success");
    expect(jobs(ran)[`Stage ${a}`]).toBeUndefined();
    expect(Object.values(ran.jobOutputs[`Build ${a}`]!)[0]!["image"]).toBe("");
    expect(ran.denied).toEqual([]);
  });

  test("the merge queue releases what would be merged", async () => {
    const [, b] = consumer.models.map(({ name }) => name);
    consumer.git.git("checkout", "-q", "-B", "queued", "main");
    consumer.putModel("better", b);
    consumer.commit("Queue this");
    const ran = await run(mergeGroup(consumer.git, "queued"));
    expect(models(ran), printedBy(ran)).toEqual([b]);
  });
});
