import { cpSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { dispatch, push, Repository } from "./engines/consumer/index.ts";
import { type KitRun, runKit } from "./engines/kit.ts";
import { type Machine, startMachine } from "./engines/machine.ts";
import { printedBy } from "./engines/scenario.ts";

const root = join(import.meta.dirname, "../..");
const readme = readFileSync(join(root, "README.md"), "utf8");
const blocks = [...readme.matchAll(/^```yaml\n([\s\S]*?)^```/gm)].map(([, block]) => block!);
const base = "library/node:24-bookworm-slim";

let machine: Machine;
let git: Repository;
beforeAll(async () => {
  machine = await startMachine({ repository: "acme/digits", mirrored: ["registry-1.docker.io"] });
  const { engine, registry, github } = machine;
  engine.docker("tag", machine.base, `${registry.host}/${base}`);
  engine.docker("push", "--quiet", `${registry.host}/${base}`);
  // What the README shows, and the model, data and requests it names; nothing is edited.
  git = Repository.create("acme/digits");
  for (const block of blocks) {
    const path = /^# (\.github\/workflows\/\S+)\n/.exec(block)?.[1] ?? "modelgate.yml";
    git.write(path, block);
  }
  for (const path of ["models/digits.onnx", "data/holdout.csv", "tests/golden.jsonl"]) {
    git.write(path, "");
    cpSync(join(root, "examples/digits", path), join(git.folder, path));
  }
  git.write("trusted_root.jsonl", readFileSync(github.trustedRootFile, "utf8").replaceAll("\n", ""));
  git.commit("Copy the README");
});
afterAll(async () => {
  git.remove();
  await machine[Symbol.asyncDispose]();
});

const run = (workflow: string, event: ReturnType<typeof push>): Promise<KitRun> => {
  const { github, environment } = machine;
  return runKit({ consumer: { folder: git.folder, repository: git.name }, workflow, github, environment, ...event });
};
const expectDone = (ran: KitRun): void => {
  expect(ran.exitCode, printedBy(ran)).toBe(0);
  expect([ran.violations, ran.refused, ran.denied]).toEqual([[], [], []]);
};

test("a repository made from the README alone releases its model, promotes it and checks its gates", async () => {
  const released = await run("model.yml", push(git));
  expectDone(released);
  expect(released.jobOutputs["Collect"]!["collect"]!["verdict"]).toBe("pass");

  const promoted = await run("promote.yml", dispatch(git, { image: "", reason: "the first one" }));
  expectDone(promoted);
  const outputs = promoted.jobOutputs["Promote to production"]!["promote"]!;
  expect(outputs).toMatchObject({ verdict: "pass", url: "http://127.0.0.1:8080" });
  const ready = await fetch(`${outputs["url"]}/v2/health/ready`);
  expect(ready.status).toBe(200);

  expectDone(await run("check.yml", dispatch(git)));
});
