import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { type Consumer, dispatch, issueComment, keyless, makeConsumer, pinned } from "./engines/consumer/index.ts";
import { type Machine, startMachine } from "./engines/machine.ts";
import { printedBy, runScenario, type ScenarioRun, writesOf } from "./engines/scenario.ts";

/** The caller for comments, as docs/approval.md has it. */
const approve = `name: approve
on:
  issue_comment:
    types: [created]
permissions: {}
jobs:
  promote:
    if: >-
      contains(github.event.issue.labels.*.name, 'modelgate-approval')
      && (contains(github.event.comment.body, '/approve') || contains(github.event.comment.body, '/reject'))
    permissions:
      { contents: read, packages: write, id-token: write, deployments: write, issues: write, artifact-metadata: write }
    uses: modelgate/modelgate/.github/workflows/promote.yml@${pinned} # v0.1.0
    with:
      config: models/CONFIG/modelgate.yml
      environment: production
`;

let machine: Machine;
let consumer: Consumer;
let count = 0;
const made: Consumer[] = [];
beforeAll(async () => {
  machine = await startMachine({ collaborators: { grace: "write", heidi: "write", mallory: "read" } });
});
afterAll(async () => {
  for (const one of made) one.remove();
  await machine[Symbol.asyncDispose]();
});

const run = (workflow: string, event: Parameters<typeof runScenario>[3], options = {}): Promise<ScenarioRun> =>
  runScenario(machine, consumer, workflow, event, options);
const promote = (): Promise<ScenarioRun> =>
  run("promote.yml", {
    ...dispatch(consumer.git, { config: consumer.model().config, image: "", reason: "why" }),
    actor: "ada",
  });
const expectDone = (ran: ScenarioRun): void => expect(ran.exitCode, printedBy(ran)).toBe(0);
const job = "Promote to production";
const outputs = (ran: ScenarioRun): Record<string, string> => ran.jobOutputs[job]?.["promote"] ?? {};
const request = () =>
  machine.github.state.issues.findLast(
    ({ labels, state }) => labels.includes("modelgate-approval") && state === "open",
  )!;

function production(): string {
  const slot = `${consumer.model().name}-production`;
  return machine.engine.docker(
    ...["ps", "--format", '{{.Label "dev.modelgate.image"}}', "--filter", `label=dev.modelgate.slot=${slot}`],
  );
}

/** A comment below the request, and what the workflow makes of it. */
async function say(login: string, body: string, change: (comment: { updatedAt: string }) => void = () => undefined) {
  const issue = request();
  const path = `/repos/acme/models/issues/${issue.number}/comments`;
  const { id } = (await machine.github.as(login, "POST", path, { body })) as { id: number };
  const comment = machine.github.state.comments.find((one) => one.id === id)!;
  change(comment);
  const event = issueComment(consumer.git, { issue, comment });
  const labelled = {
    ...event.payload,
    issue: { ...(event.payload!["issue"] as object), labels: [{ name: "modelgate-approval" }] },
  };
  return run("approve.yml", { ...event, payload: labelled });
}

/** The line the request asks for. */
const line = (): string => /^\/approve [0-9a-f]{64}$/m.exec(request().body)![0];

beforeEach(async () => {
  count += 1;
  const name = `a${count}`;
  const { base, github } = machine;
  const config = { promotion: { approval: { by: ["grace", "heidi"], required: "always", expires: "24 h" } } };
  consumer = await makeConsumer({ registry: "ghcr.io/acme", base, signing: keyless(github), models: [name], config });
  made.push(consumer);
  consumer.git.write(".github/workflows/approve.yml", approve.replace("CONFIG", name));
  consumer.commit("Approve by comment");
  expectDone(await run("model.yml", { ...dispatch(consumer.git), actor: "ada" }));
});

test("a promotion waits, and goes on once with the approval of somebody on the list", async () => {
  const waiting = await promote();
  expect(waiting.exitCode).not.toBe(0);
  expect(outputs(waiting)["verdict"], printedBy(waiting)).toBe("inconclusive");
  expect(production()).toBe("");
  expect(waiting.summary).toContain(`issues/${request().number}`);
  const again = await promote();
  expect(outputs(again)["verdict"]).toBe("inconclusive");
  const { number } = request();
  expect(machine.github.state.issues.filter(({ labels }) => labels.includes("modelgate-approval")).at(-1)!.number).toBe(
    number,
  );

  const agreed = await say("grace", line());
  expect(agreed.exitCode, printedBy(agreed)).toBe(0);
  expect(outputs(agreed)["verdict"]).toBe("pass");
  expect(production()).toBe(outputs(agreed)["image"]);
  expect(machine.github.state.issues.find((issue) => issue.number === number)!.state).toBe("closed");
  expect(agreed.denied).toEqual([]);
  expect(writesOf(agreed)).toEqual([
    "POST /issues/…/comments 201",
    "PATCH /issues/… 200",
    "POST /deployments/…/statuses 201",
  ]);

  const spent = await promote();
  expect(spent.exitCode, printedBy(spent)).toBe(0);
  expect(spent.printed[job]).toContain("already");
});

test("what does not count is named, and nothing is touched", async () => {
  await promote();
  const wrong = `/approve ${"0".repeat(64)}`;
  const attempts: [login: string, body: string, change?: (comment: { updatedAt: string }) => void][] = [
    ["mallory", line()],
    ["ada", line()],
    ["helper[bot]", line()],
    ["grace", wrong],
    ["grace", `> ${line()}`],
    [
      "grace",
      line(),
      (comment) => (comment.updatedAt = new Date(Date.now() + 60_000).toISOString().replace(/\.\d+/, "")),
    ],
  ];
  for (const [login, body, change] of attempts) {
    const ran = await say(login, body, change);
    expect(ran.exitCode, `${login}: ${body}`).not.toBe(0);
    expect(outputs(ran)["verdict"], printedBy(ran)).toBe("inconclusive");
    expect(production()).toBe("");
  }
});

test("somebody on the list can reject it, which ends it", async () => {
  await promote();
  const { number } = request();
  const ran = await say("heidi", "/reject");
  expect(ran.exitCode).not.toBe(0);
  expect(outputs(ran)["verdict"], printedBy(ran)).toBe("fail");
  expect(production()).toBe("");
  expect(machine.github.state.issues.find((issue) => issue.number === number)!.state).toBe("closed");
});
