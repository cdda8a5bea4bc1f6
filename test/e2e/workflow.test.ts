import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { consumerRepository, runWorkflow } from "./engines/act.ts";

const example = join(import.meta.dirname, "../../examples/digits");
const pinned = "modelgate/modelgate@0000000000000000000000000000000000000000";
// What a machine behind a proxy needs for npm; the workflow's environment is otherwise clean.
const network = Object.fromEntries(
  ["NODE_EXTRA_CA_CERTS", "HTTPS_PROXY", "NO_PROXY"].flatMap((name) =>
    process.env[name] ? [[name, process.env[name]]] : [],
  ),
);
const toolCache = process.env["RUNNER_TOOL_CACHE"] ?? join(import.meta.dirname, "../../.cache/tools");
const push = { head_commit: { message: "a new model" }, ref: "refs/heads/main" };

const run = (consumer: string) =>
  runWorkflow({
    consumer,
    workflow: "model.yml",
    event: "push",
    payload: push,
    pinned,
    environment: { ...network, RUNNER_TOOL_CACHE: toolCache },
  });

let consumer: string;
beforeAll(() => {
  consumer = consumerRepository(example);
});

test("the example's workflow releases the champion and promotes the digest it judged", async () => {
  const { exitCode, jobs, outputs, summaries, log } = await run(consumer);
  expect(exitCode, log.slice(-4000)).toBe(0);
  expect(Object.values(jobs)).toEqual(["success"]);
  expect(outputs["release"]).toMatchObject({ verdict: "pass", models: '["digits"]' });
  expect(outputs["release"]!["image"]).toMatch(/^embedded\/digits@sha256:[0-9a-f]{64}$/);
  expect(outputs["release"]!["report"]).toMatch(/report\.html$/);
  expect(summaries.join("\n")).toMatch(/^## PASS: /m);
});

test("a worse model fails the job, sets every output and writes why into the summary", async () => {
  const worse = consumerRepository(example);
  cpSync(join(worse, "candidates/worse.onnx"), join(worse, "models/digits.onnx"));
  const { exitCode, jobs, outputs, summaries, annotations } = await run(worse);
  expect(exitCode).not.toBe(0);
  expect(Object.values(jobs)).toEqual(["failure"]);
  expect(outputs["release"]).toMatchObject({ verdict: "fail", models: '["digits"]' });
  expect(outputs["release"]!["image"]).toMatch(/@sha256:/);
  expect(summaries.join("\n")).toMatch(/^## FAIL: /m);
  expect(annotations.some((annotation) => annotation.level === "error")).toBe(true);
});

test("a mistake in modelgate.yml is an annotation at its line, and nothing is built", async () => {
  const wrong = consumerRepository(example);
  const path = join(wrong, "modelgate.yml");
  writeFileSync(path, readFileSync(path, "utf8").replace("accuracy >= 0.90", "acuracy >= 0.90"));
  const { exitCode, outputs, annotations, log } = await run(wrong);
  expect(exitCode).not.toBe(0);
  expect(outputs["release"]).toMatchObject({ verdict: "error", image: "" });
  const line =
    readFileSync(path, "utf8")
      .split("\n")
      .findIndex((text) => text.includes("acuracy")) + 1;
  expect(annotations).toContainEqual(
    expect.objectContaining({ level: "error", file: "modelgate.yml", line: String(line) }),
  );
  expect(log).not.toMatch(/\bat .*\.js:\d+/);
});
