import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type Consumer, dispatch, keyless, makeConsumer } from "./engines/consumer/index.ts";
import { type Machine, startMachine } from "./engines/machine.ts";
import { printedBy, runScenario, type ScenarioRun } from "./engines/scenario.ts";

let machine: Machine;
beforeAll(async () => {
  machine = await startMachine();
});
afterAll(() => machine[Symbol.asyncDispose]());
const made: Consumer[] = [];
afterAll(() => made.forEach((one) => one.remove()));

let count = 0;
let consumer: Consumer;
/** A fresh repository with one model that no other scenario has. */
async function fresh(config: object = {}, signing = keyless(machine.github)): Promise<Consumer> {
  count += 1;
  const names = [`p${count}`];
  const { base } = machine;
  const one = await makeConsumer({ registry: "ghcr.io/acme", base, signing, models: names, config });
  made.push(one);
  return one;
}
const run = (workflow: string, event: Parameters<typeof runScenario>[3], options = {}): Promise<ScenarioRun> =>
  runScenario(machine, consumer, workflow, event, options);

/** Releases what main holds. @returns the image. */
async function release(verdict = "pass", options = {}): Promise<string> {
  const ran = await run("model.yml", dispatch(consumer.git), options);
  expect(ran.jobOutputs["Collect"]?.["collect"]?.["verdict"], printedBy(ran)).toBe(verdict);
  return Object.values(ran.jobOutputs[`Build ${consumer.model().name}`]!)[0]!["image"]!;
}
const promote = (inputs: Record<string, string> = {}, options = {}): Promise<ScenarioRun> =>
  run(
    "promote.yml",
    dispatch(consumer.git, { config: consumer.model().config, image: "", reason: "a test", ...inputs }),
    options,
  );
const rollback = (): Promise<ScenarioRun> =>
  run("rollback.yml", dispatch(consumer.git, { config: consumer.model().config, reason: "a test" }));
const promoted = (ran: ScenarioRun): Record<string, string> =>
  ran.jobOutputs["Promote to production"]?.["promote"] ?? {};

/** The image of production's container. */
function production(): string {
  const slot = `${consumer.model().name}-production`;
  return machine.engine.docker(
    ...["ps", "--format", '{{.Label "dev.modelgate.image"}}', "--filter", `label=dev.modelgate.slot=${slot}`],
  );
}

describe("a promotion", () => {
  let first: string;
  let second: string;
  beforeAll(async () => {
    consumer = await fresh();
    first = await release();
  });

  test("takes the last release that passed, goes on to the next, and comes back", async () => {
    const one = await promote();
    expect(one.exitCode, printedBy(one)).toBe(0);
    expect(promoted(one)).toMatchObject({ image: first, verdict: "pass", "previous-image": "" });
    expect(production()).toBe(first);
    expect(one.denied).toEqual([]);
    expect(one.errors).toEqual([]);

    consumer.putModel("better");
    consumer.commit("A better model");
    second = await release();
    expect(second).not.toBe(first);
    const two = await promote();
    expect(two.exitCode, printedBy(two)).toBe(0);
    expect(promoted(two)).toMatchObject({ image: second, "previous-image": first });
    expect(production()).toBe(second);

    const again = await promote();
    expect(again.exitCode, printedBy(again)).toBe(0);
    expect(again.printed["Promote to production"]).toContain("already");

    const back = await rollback();
    expect(back.exitCode, printedBy(back)).toBe(0);
    expect(production()).toBe(first);

    const beyond = await rollback();
    expect(beyond.exitCode).not.toBe(0);
    expect(beyond.errors.some((text) => text.startsWith("rollback.nothing"))).toBe(true);
    expect(production()).toBe(first);
  });
});

describe("refused, before anything is touched", () => {
  beforeEach(async () => {
    consumer = await fresh();
  });

  /** Nothing runs, and the ledger has nothing to say. */
  async function refused(ran: ScenarioRun, code: string): Promise<void> {
    expect(ran.exitCode, printedBy(ran)).not.toBe(0);
    const said = Object.values(ran.printed).join("\n") + ran.summary + ran.errors.join("\n");
    expect(said).toContain(code);
    expect(production()).toBe("");
    expect(ran.jobs["Promote to production"] ?? "skipped").not.toBe("success");
  }

  test("a release that failed", async () => {
    consumer.putModel("worse");
    consumer.commit("A worse model");
    const image = await release("fail");
    await refused(await promote({ image }), "promote.verdict-failed");
  });

  test("a digest that was never judged", async () => {
    const image = await release("error", {
      edit: (file: string, text: string) =>
        file === "release.yml" ? text.replaceAll("command: deploy", "command: status") : text,
    });
    await refused(await promote({ image }), "promote.no-verdict");
  });

  test("something that is no digest: nothing of it reaches a shell", async () => {
    const ran = await promote({ image: 'x"; echo pwned; "' });
    await refused(ran, "input.image");
    expect(Object.values(ran.printed).join("\n")).not.toMatch(/^pwned/m);
  });

  test("a verdict under another policy", async () => {
    const image = await release();
    consumer.editConfig("accuracy >= 0.90", "accuracy >= 0.91");
    consumer.commit("A stricter gate");
    await refused(await promote({ image }), "promote.verdict-foreign");
  });

  test("a verdict on other data", async () => {
    const image = await release();
    consumer.putData(150);
    consumer.commit("Other data");
    await refused(await promote({ image }), "promote.verdict-foreign");
  });

  test("a verdict that is too old", async () => {
    const image = await release();
    consumer.editConfig("environments:", "promotion: { max-age: 1 s }\nenvironments:");
    consumer.commit("Trust only fresh verdicts");
    await refused(await promote({ image }), "promote.verdict-stale");
  });

  test("a policy that a branch loosened, with nobody to agree to it", async () => {
    consumer.git.git("checkout", "-q", "-B", "lax");
    consumer.editConfig("accuracy >= 0.90", "accuracy >= 0.80");
    consumer.commit("Lower the bar");
    const onBranch = (inputs: Record<string, string>) => ({
      event: "workflow_dispatch",
      payload: { ref: "refs/heads/lax", inputs },
    });
    const judged = await run("model.yml", onBranch({}));
    expect(judged.exitCode, printedBy(judged)).toBe(0);
    expect(judged.printed[`Stage ${consumer.model().name}`]).toContain(
      "looser  accuracy >= 0.90 became accuracy >= 0.80",
    );
    const ran = await run("promote.yml", onBranch({ config: consumer.model().config, image: "", reason: "quietly" }));
    await refused(ran, "promote.approval");
  });

  test("evidence signed by a run of a fork", async () => {
    const own = consumer;
    const config = consumer.model().config;
    consumer = own.fork("mallory");
    made.push(consumer);
    consumer.git.write(
      config,
      readFileSync(join(own.folder, config), "utf8").replaceAll(
        "repository: acme/models",
        "repository: mallory/models",
      ),
    );
    consumer.commit("Trust myself");
    const image = await release();
    consumer = own;
    await refused(await promote({ image }), "evidence.signer-repository");
  });

  test("evidence signed by another workflow of the same repository", async () => {
    const image = await release();
    consumer.editConfig("workflows/release.yml", "workflows/other.yml");
    consumer.commit("Trust another workflow");
    await refused(await promote({ image }), "evidence.signer-workflow");
  });

  test("evidence that was altered in the registry", async () => {
    const image = await release();
    const blobs = join(machine.registry.storage, "docker/registry/v2/blobs/sha256");
    const digest = image.split("@sha256:")[1]!;
    let altered = 0;
    for (const path of readdirSync(blobs, { recursive: true, encoding: "utf8" }).filter((name) =>
      name.endsWith("/data"),
    )) {
      const file = join(blobs, path);
      if (statSync(file).size > 200_000) continue;
      const text = readFileSync(file, "utf8");
      if (!text.includes('"dsseEnvelope"')) continue;
      const bundle = JSON.parse(text) as { dsseEnvelope: { payload: string } };
      const statement = Buffer.from(bundle.dsseEnvelope.payload, "base64").toString();
      if (!statement.includes(digest) || !statement.includes("/verdict/v1")) continue;
      bundle.dsseEnvelope.payload = Buffer.from(
        statement.replace('"passed"', '"failed"').replace("200", "201"),
      ).toString("base64");
      writeFileSync(file, JSON.stringify(bundle));
      altered += 1;
    }
    expect(altered).toBeGreaterThan(0);
    await refused(await promote({ image }), "registry.digest");
  });
});

test("a release that does not answer as it should in production is taken back", async () => {
  consumer = await fresh();
  const first = await release();
  const one = await promote();
  expect(one.exitCode, printedBy(one)).toBe(0);
  consumer.putModel("better");
  consumer.commit("A better model");
  await release();
  const golden = join(consumer.folder, consumer.model().folder, "golden.jsonl");
  writeFileSync(golden, readFileSync(golden, "utf8").replace('"label": "0"', '"label": "1"'));
  consumer.commit("Expect something else");
  const ran = await promote();
  expect(ran.exitCode).not.toBe(0);
  expect(production()).toBe(first);
});
