import { expect, test } from "vitest";
import { exampleFolder, type Ran } from "./bundle.ts";

/** What the gates of rows came to: a load run is never the same twice. */
const judged = ({ outcome }: Ran) =>
  outcome?.judgement?.checks.filter(({ text }) => !/^(latency|error_rate)/.test(text)) ?? [];

test("rows asked in three parts, beside the champion, come to the verdict of rows asked at once", () => {
  using example = exampleFolder();
  const champion = example.modelgate("run").outputs["image"]!;
  expect(example.modelgate("promote", "--image", champion).exitCode).toBe(0);
  example.candidate("worse");
  const whole = example.modelgate("run");
  expect(whole.outputs["verdict"]).toBe("fail");

  for (const part of ["1/3", "3/3"]) {
    const asked = example.modelgate("evaluate", "--shard", part);
    expect(asked.exitCode, asked.stderr).toBe(0);
    expect(asked.outcome?.headline).toMatch(new RegExp(`rows are asked, part ${part}`));
  }
  const early = example.modelgate("evaluate", "--shard", "all");
  expect([early.exitCode, early.problems[0]?.code]).toEqual([2, "evaluate.shards"]);
  expect(early.problems[0]?.message).toContain("2/3");

  expect(example.modelgate("evaluate", "--shard", "2/3").exitCode).toBe(0);
  const merged = example.modelgate("evaluate", "--shard", "all");
  expect(merged.exitCode, merged.stderr).toBe(0);
  const gate = example.modelgate("gate");
  expect(gate.outputs["verdict"]).toBe("fail");
  expect(judged(gate).length).toBeGreaterThan(2);
  expect(judged(gate)).toEqual(judged(whole));
});

test("a part that is none is refused before anything is asked", () => {
  using example = exampleFolder();
  example.modelgate("run");
  for (const part of ["4/3", "3", "x"]) {
    const { exitCode, problems } = example.modelgate("evaluate", "--shard", part);
    expect([exitCode, problems[0]?.code]).toEqual([2, "input.shard"]);
  }
});
