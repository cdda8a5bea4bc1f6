import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { parse } from "yaml";
import {
  type Consumer,
  dispatch,
  issueComment,
  keyless,
  makeConsumer,
  pinned,
  pullRequest,
} from "./engines/consumer/index.ts";
import { type Machine, startMachine } from "./engines/machine.ts";
import { printedBy, runScenario, type ScenarioRun, sharedOut, writesOf } from "./engines/scenario.ts";

const root = join(import.meta.dirname, "../..");

/** File, job and permission of everything the kit grants. */
const grants = ["release.yml", "promote.yml", "rollback.yml"].flatMap((file) => {
  const text = readFileSync(join(root, ".github/workflows", file), "utf8");
  const { jobs } = parse(text) as { jobs: Record<string, { permissions: Record<string, "read" | "write"> }> };
  return Object.entries(jobs).flatMap(([job, { permissions }]) =>
    Object.entries(permissions).map(([permission, level]) => ({ file, job, permission, level })),
  );
});
type Grant = (typeof grants)[number];

/** Takes one permission from one job. */
const without =
  ({ file, job, permission, level }: Grant) =>
  (name: string, text: string): string => {
    if (name !== file) return text;
    const [before, after] = text.split(new RegExp(`^  ${job}:$`, "m"));
    const line = new RegExp(`^ {6}${permission}: ${level}.*\n`, "m");
    expect(after).toMatch(line);
    const left = after!.replace(line, "").replace(/^ {4}permissions:\n(?! {6})/m, "    permissions: {}\n");
    return `${before}  ${job}:${left}`;
  };

/** A caller for comments that does not look at them: every one starts it. */
const approve = (config: string): string => `name: approve
on: { issue_comment: { types: [created] } }
permissions: {}
jobs:
  promote:
    permissions:
      { contents: read, packages: write, id-token: write, deployments: write, issues: write, artifact-metadata: write }
    uses: modelgate/modelgate/.github/workflows/promote.yml@${pinned} # v0.1.0
    with: { config: ${config}, environment: production }
`;

let machine: Machine;
const consumers: Consumer[] = [];
beforeAll(async () => {
  machine = await startMachine({ collaborators: { grace: "write" } });
});
afterAll(async () => {
  for (const one of consumers) one.remove();
  await machine[Symbol.asyncDispose]();
});

/** A repository whose workflows do all that their jobs may do. */
async function make(name: string, promotion: object): Promise<Consumer> {
  const { base, github } = machine;
  const made = await makeConsumer({
    ...{ registry: "ghcr.io/acme", base, signing: keyless(github), models: [name] },
    config: { promotion, github: { "deployment-record": "own", "artifact-record": true } },
  });
  consumers.push(made);
  return made;
}

type Edit = ReturnType<typeof without>;
const run = (consumer: Consumer, workflow: string, event: Parameters<typeof runScenario>[3], edit?: Edit) =>
  runScenario(machine, consumer, workflow, event, edit ? { edit } : {});

const expectDone = (ran: ScenarioRun): void => expect(ran.exitCode, printedBy(ran)).toBe(0);

async function released(consumer: Consumer): Promise<void> {
  expectDone(await run(consumer, "model.yml", dispatch(consumer.git)));
}
const byHand = (consumer: Consumer, workflow: string, edit?: Edit): Promise<ScenarioRun> => {
  const inputs = { config: consumer.model().config, image: "", reason: "a test" };
  return run(consumer, workflow, { ...dispatch(consumer.git, inputs), actor: "ada" }, edit);
};

/** Everything a run had to say, in one text. */
const said = (ran: ScenarioRun): string =>
  [...Object.values(ran.printed), ran.summary, ...ran.annotations.map(({ message }) => message)].join("\n");

/** That a job lacked a permission was seen where it was needed, and said with the line to add; checking out is GitHub's own. */
function expectLack(ran: ScenarioRun, { file, job, permission, level }: Grant): void {
  const lacking = ran.denied.filter((one) => one.job === `${file} ${job}`).map(({ needs }) => needs.split(":")[0]);
  // A comment on a pull request can be written with either.
  const either = permission === "pull-requests" ? ["pull-requests", "issues"] : [permission];
  if (permission !== "id-token") expect(either, printedBy(ran)).toContain(lacking[0]);
  if (permission !== "contents") expect(said(ran), printedBy(ran)).toContain(`${permission}: ${level}`);
}

function expectNothingLacks(ran: ScenarioRun): void {
  expect(ran.exitCode, printedBy(ran)).toBe(0);
  expect(ran.denied).toEqual([]);
  expect(ran.warnings).toEqual([]);
}

const of = (file: string, isOne: (grant: Grant) => boolean = () => true) =>
  grants
    .filter((grant) => grant.file === file && isOne(grant))
    .map((grant) => [grant.job, grant.permission, grant] as const);

/** GitHub knows of no deployment from tests before: which calls show one depends on what is shown already. */
const forgetDeployments = (): void => void (machine.github.state.deployments.length = 0);

/** Calls that show a deployment: begun, its states and that the one before is inactive, the organisation's record. */
const started = "POST /deployments 201";
const status = "POST /deployments/…/statuses 201";
const record = "POST /orgs/acme/artifacts/metadata/deployment-record 200";

describe("release.yml", () => {
  let consumer: Consumer;
  beforeAll(async () => {
    consumer = await make("tight-release", {});
  });
  const proposed = (edit?: Edit): Promise<ScenarioRun> => {
    forgetDeployments();
    const change = { branch: "better", make: () => consumer.putModel("better"), number: 101 };
    return run(consumer, "model.yml", pullRequest(consumer.git, machine.github, change), edit);
  };

  test("lacks nothing with all of them", async () => {
    const ran = await proposed();
    expectNothingLacks(ran);
    expect(writesOf(ran)).toEqual([
      ...[started, status, status],
      ...["POST /statuses/… 201", expect.stringMatching(/^(POST|PATCH) \/issues\/.*comments/)],
    ]);
  });
  test.each(of("release.yml"))("%s needs %s", async (_job, _permission, grant) => {
    const edit = without(grant);
    const shared = sharedOut(2);
    expectLack(await proposed(grant.job === "shard" ? (file, text) => shared(file, edit(file, text)) : edit), grant);
  });
});

const isIssues = ({ permission }: Grant): boolean => permission === "issues";

describe("promote.yml", () => {
  let consumer: Consumer;
  beforeAll(async () => {
    consumer = await make("tight-promote", {});
    await released(consumer);
  });
  /** Production loses its container first, so that there is something to do. */
  const promoted = (edit?: Edit): Promise<ScenarioRun> => {
    const found = machine.engine.docker(
      "ps",
      "--quiet",
      "--filter",
      "label=dev.modelgate.slot=tight-promote-production",
    );
    if (found !== "") machine.engine.docker("rm", "--force", found);
    forgetDeployments();
    return byHand(consumer, "promote.yml", edit);
  };

  test("lacks nothing with all of them", async () => {
    const ran = await promoted();
    expectNothingLacks(ran);
    expect(writesOf(ran)).toEqual([started, status, status, record]);
  });
  test.each(of("promote.yml", (grant) => !isIssues(grant)))("%s needs %s", async (_job, _permission, grant) => {
    expectLack(await promoted(without(grant)), grant);
  });
});

describe("promote.yml where somebody has to agree", () => {
  let consumer: Consumer;
  beforeAll(async () => {
    consumer = await make("tight-approval", { approval: { by: ["grace"], required: "always" } });
    consumer.git.write(".github/workflows/approve.yml", approve(consumer.model().config));
    consumer.commit("Approve by comment");
    await released(consumer);
    await byHand(consumer, "promote.yml");
  });
  const commented = async (edit: Edit): Promise<ScenarioRun> => {
    const { state, as } = machine.github;
    const issue = state.issues.findLast(({ labels, state: now }) => labels.length > 0 && now === "open")!;
    const path = `/repos/acme/models/issues/${issue.number}/comments`;
    const { id } = (await as("grace", "POST", path, { body: "Let me look first" })) as { id: number };
    const comment = state.comments.find((one) => one.id === id)!;
    return run(consumer, "approve.yml", issueComment(consumer.git, { issue, comment }), edit);
  };

  test.each(of("promote.yml", isIssues))("%s needs %s", async (job, _permission, grant) => {
    const edit = without(grant);
    expectLack(await (job === "verify" ? commented(edit) : byHand(consumer, "promote.yml", edit)), grant);
  });
});

describe("rollback.yml", () => {
  let consumer: Consumer;
  beforeAll(async () => {
    consumer = await make("tight-rollback", {});
    await released(consumer);
    await byHand(consumer, "promote.yml");
    consumer.putModel("better");
    consumer.commit("A better model");
    await released(consumer);
  });
  beforeEach(async () => {
    forgetDeployments();
    expectDone(await byHand(consumer, "promote.yml"));
  });

  test("lacks nothing with all of them", async () => {
    const ran = await byHand(consumer, "rollback.yml");
    expectNothingLacks(ran);
    expect(writesOf(ran)).toEqual([started, status, status, status, record]);
  });
  test.each(of("rollback.yml"))("%s needs %s", async (_job, _permission, grant) => {
    expectLack(await byHand(consumer, "rollback.yml", without(grant)), grant);
  });
});
