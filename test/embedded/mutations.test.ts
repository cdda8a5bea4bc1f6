import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { exampleFolder } from "./bundle.ts";

type Example = ReturnType<typeof exampleFolder>;

/** The file of the model that an environment's process was started from. */
function servedModel({ path }: Example, environment: string): string {
  const images = path(`.modelgate/environments/${environment}/main/images`);
  const [image] = readdirSync(images);
  return join(images, image!, "models/digits/digits.onnx");
}

const flipLastByte = (file: string): void => {
  const bytes = readFileSync(file);
  bytes[bytes.length - 1]! ^= 1;
  writeFileSync(file, bytes);
};

describe("what is wrong is never a pass", () => {
  test("one byte of the model in staging changed: evaluating refuses, and the verdict does not hold", () => {
    using example = exampleFolder();
    const run = example.modelgate("run");
    expect(run.outputs["verdict"]).toBe("pass");
    flipLastByte(servedModel(example, "staging"));
    const smoke = example.modelgate("smoke");
    expect(smoke.exitCode).toBe(1);
    expect(smoke.outputs["verdict"]).toBe("fail");
    const gate = example.modelgate("gate");
    expect(gate.outputs["verdict"]).toBe("error");
    expect(example.modelgate("promote", "--image", run.outputs["image"]!).exitCode).toBe(2);
    expect(example.modelgate("status").outcome?.headline).toMatch(/nothing runs in production/);
  });

  test("one byte of the model in staging changed during the load test: the evaluation is refused", async () => {
    using example = exampleFolder();
    const run = example.modelgate("run");
    const predictions = example.path(".modelgate/runs/last/predictions.jsonl");
    rmSync(predictions);
    example.edit("modelgate.yml", (text) => text.replace("duration: 2 s", "duration: 6 s"));
    const child = example.start("evaluate", "--image", run.outputs["image"]!);
    const ended = new Promise((resolve) => child.once("close", resolve));
    // The file of predictions is written when the rows are done and the load test begins.
    while (!existsSync(predictions) && child.exitCode === null) await wait(20);
    flipLastByte(servedModel(example, "staging"));
    expect(await ended).toBe(2);
  });

  test("one byte of the model in production changed: status says so", () => {
    using example = exampleFolder();
    const run = example.modelgate("run");
    expect(example.modelgate("promote", "--image", run.outputs["image"]!).exitCode).toBe(0);
    expect(example.modelgate("status").exitCode).toBe(0);
    flipLastByte(servedModel(example, "production"));
    const status = example.modelgate("status");
    expect(status.exitCode).toBe(1);
    expect(status.outcome?.headline).toMatch(/should not be so/);
  });

  test("zero rows: nothing is built, exit code 2 names the file", () => {
    using example = exampleFolder();
    example.edit("data/holdout.csv", (text) => `${text.split("\n")[0]}\n`);
    const { exitCode, problems, outputs } = example.modelgate("run");
    expect([exitCode, problems.map(({ code }) => code), outputs["image"]]).toEqual([2, ["data.empty"], ""]);
  });

  test("a label column that is missing: exit code 2 suggests the nearest", () => {
    using example = exampleFolder();
    example.edit("modelgate.yml", (text) => text.replace("label: digit", "label: digits"));
    const { exitCode, problems, stderr } = example.modelgate("run");
    expect([exitCode, problems.map(({ code }) => code)]).toEqual([2, ["data.column"]]);
    expect(stderr).toMatch(/Did you mean "digit"\?/);
  });

  test("NaN from the server: the rows failed, the gates are errors", () => {
    using example = exampleFolder();
    example.edit(
      "server/preprocess.mjs",
      () =>
        "export const preprocess = (inputs) => ({ ...inputs, image: { ...inputs.image, data: inputs.image.data.map(() => Number.NaN) } });\n",
    );
    const { exitCode, outputs } = example.modelgate("run");
    expect(exitCode).not.toBe(0);
    expect(outputs["verdict"]).not.toBe("pass");
  });

  test("a verdict under another policy does not count", () => {
    using example = exampleFolder();
    const run = example.modelgate("run");
    example.edit("modelgate.yml", (text) => text.replace("accuracy >= 0.90", "accuracy >= 0.10"));
    const promoted = example.modelgate("promote", "--image", run.outputs["image"]!);
    expect([promoted.exitCode, promoted.problems[0]?.code]).toEqual([2, "promote.verdict-foreign"]);
  });
});

test("promote killed at any moment and run again converges", async () => {
  using example = exampleFolder();
  const champion = example.modelgate("run").outputs["image"]!;
  expect(example.modelgate("promote", "--image", champion).exitCode).toBe(0);
  example.candidate("better");
  const better = example.modelgate("run").outputs["image"]!;
  for (const milliseconds of [150, 250, 350, 450, 550]) {
    const child = example.start("promote", "--image", better);
    const ended = new Promise((resolve) => child.once("close", resolve));
    // The moment of the kill is the point of the test, not a wait for something.
    await Promise.race([wait(milliseconds), ended]);
    child.kill("SIGKILL");
    await ended;
    const between = example.modelgate("status");
    expect([champion, better]).toContain(between.outputs["image"]);
  }
  const promoted = example.modelgate("promote", "--image", better);
  expect(promoted.exitCode, promoted.stderr).toBe(0);
  const status = example.modelgate("status");
  expect([status.exitCode, status.outputs["image"]]).toEqual([0, better]);
  const back = example.modelgate("rollback", "--reason", "test");
  expect([back.exitCode, back.outputs["image"]]).toEqual([0, champion]);
});
