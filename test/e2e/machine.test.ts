import { afterAll, beforeAll, expect, test } from "vitest";
import { type Consumer, makeConsumer, newKey, pinned, push } from "./engines/consumer/index.ts";
import { type KitRun, runKit } from "./engines/kit.ts";
import { type Machine, startMachine } from "./engines/machine.ts";

/** The Action as plain steps: no called workflow stands between it and the machine. */
const workflow = (permissions: string): string => `name: model
on: push
permissions: {}
jobs:
  release:
    runs-on: ubuntu-24.04
    permissions: ${permissions}
    env:
      MODELGATE_SIGNING_KEY: \${{ secrets.MODELGATE_SIGNING_KEY }}
    steps:
      - uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1
        with: { persist-credentials: false }
      - id: package
        uses: modelgate/modelgate@${pinned} # v0.1.0
        with: { command: package, config: models/digits/modelgate.yml }
      - id: deploy
        uses: modelgate/modelgate@${pinned} # v0.1.0
        with: { command: deploy, config: models/digits/modelgate.yml, image: "\${{ steps.package.outputs.image }}" }
`;

let machine: Machine;
let consumer: Consumer;
beforeAll(async () => {
  machine = await startMachine();
  const { base } = machine;
  consumer = await makeConsumer({ registry: "ghcr.io/acme", base, signing: newKey(), workflows: {} });
});
afterAll(async () => {
  consumer.remove();
  await machine[Symbol.asyncDispose]();
});

function run(permissions: string): Promise<KitRun> {
  consumer.git.write(".github/workflows/model.yml", workflow(permissions));
  consumer.touchUnrelated();
  consumer.commit("Change the workflow");
  const { github, environment } = machine;
  const { secrets } = consumer;
  return runKit({ consumer, workflow: "model.yml", github, environment, secrets, ...push(consumer.git) });
}

test("an image goes to ghcr.io with the job's token, and the engine pulls it from there and runs it", async () => {
  const ran = await run("{ contents: read, packages: write, deployments: write }");
  expect(ran.exitCode, ran.printed["release"]).toBe(0);
  const image = ran.jobOutputs["release"]?.["package"]?.["image"];
  expect(image).toMatch(/^ghcr\.io\/acme\/digits@sha256:[0-9a-f]{64}$/);
  const running = machine.engine.docker(
    "ps",
    "--format",
    "{{.Ports}}",
    "--filter",
    `label=dev.modelgate.image=${image}`,
  );
  expect(running).toContain(`127.0.0.1:${consumer.model().ports.staging}->`);
  const ready = await fetch(`http://127.0.0.1:${consumer.model().ports.staging}/v2/health/ready`);
  expect(ready.status).toBe(200);
  expect(ran.denied).toEqual([]);
  expect(ran.refused).toEqual([]);
});

test("without packages: write nothing is pushed, and the job says what it lacks", async () => {
  const ran = await run("{ contents: read, packages: read }");
  expect(ran.jobs).toEqual({ release: "failure" });
  expect(ran.denied).toContainEqual(expect.objectContaining({ job: "model.yml release", needs: "packages: write" }));
  expect(ran.annotations).toContainEqual(
    expect.objectContaining({ level: "error", message: expect.stringContaining("packages: write") }),
  );
});
