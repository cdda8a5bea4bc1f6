import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { collectCommand } from "../../src/commands/collect.ts";
import { formatImage } from "../../src/domain/image.ts";
import { UserError, WorldError } from "../../src/domain/problem.ts";
import { askedBy } from "../../src/domain/trigger.ts";
import { exitCodeOf, outputsOf } from "../../src/hosts/shell.ts";
import type { HandOver } from "../../src/ports/hand-over.ts";
import { summary } from "../../src/reports/summary.ts";
import { fakeHandOver, handedOverOf } from "../fakes/handed-over.ts";
import { askedOf, repositoryShop } from "../fakes/repository-shop.ts";

const { signal } = new AbortController();
const job = { run: "42", attempt: 1, trigger: askedBy("push") };

const configOf = (name: string, repository = `registry.example/acme/${name}`): string =>
  `model: { name: ${name}, path: m.onnx }
${repository ? `image: { repository: ${repository} }\nsigning: { method: key, key: KEY }\ntrust: { keys: [release.pub] }` : ""}
environments: { staging: { platform: local } }
`;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "modelgate-collect-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
});

function modelNamed(name: string, text = configOf(name)): { name: string; config: string } {
  const config = join(folder, name, "modelgate.yml");
  mkdirSync(dirname(config), { recursive: true });
  writeFileSync(config, text);
  return { name, config };
}

/** Leaves what a whole release of a model leaves. */
async function released(handOver: HandOver, model: string, verdict: "pass" | "fail" | "inconclusive"): Promise<void> {
  for (const command of ["package", "deploy", "smoke", "evaluate"] as const)
    await handOver.leave("42", handedOverOf(command, { model }), signal);
  await handOver.leave("42", handedOverOf("gate", { model, verdict, headline: `${model}: ${verdict}` }), signal);
}

async function collected(models: unknown, handOver: HandOver, jobs: string | null = null) {
  const shop = repositoryShop(folder, { job, handOver });
  const text = typeof models === "string" ? models : JSON.stringify(models);
  return collectCommand(shop, askedOf("collect", { models: text, jobs }), signal);
}

test("models that pass are a pass: exit code 0, and the images by model", async () => {
  const handOver = fakeHandOver();
  const models = [modelNamed("a"), modelNamed("b")];
  for (const { name } of models) await released(handOver, name, "pass");
  const outcome = await collected(models, handOver, '{"plan":{"result":"success"},"stage":{"result":"success"}}');
  expect([outcome.verdict, exitCodeOf(outcome), outcome.headline]).toEqual(["pass", 0, "2 models: 2 pass"]);
  const image = formatImage(handedOverOf("package").image!);
  expect(JSON.parse(outputsOf(outcome)["images"]!)).toEqual({ a: image, b: image });
  expect(JSON.parse(outputsOf(outcome)["models"]!)).toEqual(models);
});

test.each([
  ["fail", 1],
  ["inconclusive", 3],
] as const)("one model that is %s makes it of all: exit code %i", async (verdict, code) => {
  const handOver = fakeHandOver();
  await released(handOver, "a", "pass");
  await released(handOver, "b", verdict);
  const outcome = await collected([modelNamed("a"), modelNamed("b")], handOver);
  expect([outcome.verdict, exitCodeOf(outcome)]).toEqual([verdict, code]);
});

test("a model whose job died is an error that may go away, in the table and below it", async () => {
  const handOver = fakeHandOver();
  await released(handOver, "a", "pass");
  await handOver.leave("42", handedOverOf("package", { model: "b" }), signal);
  const outcome = await collected([modelNamed("a"), modelNamed("b"), modelNamed("c")], handOver);
  expect([outcome.verdict, exitCodeOf(outcome)]).toEqual(["error", 4]);
  expect(outcome.collected!.models.map(({ verdict }) => verdict)).toEqual(["pass", "error", "error"]);
  const shown = summary(outcome);
  expect(shown).toContain("b: it did not finish: the last record is of package");
  expect(shown).toContain("c: it did not finish: its job left no record in this run");
});

test("a job that failed without a word keeps a run from passing", async () => {
  const handOver = fakeHandOver();
  await released(handOver, "a", "pass");
  const outcome = await collected(
    [modelNamed("a")],
    handOver,
    '{"build":{"result":"success"},"stage":{"result":"cancelled"}}',
  );
  expect(outcome.verdict).toBe("error");
  expect(outcome.headline).toContain("stage (cancelled)");
});

test("no model is nothing to judge", async () => {
  const outcome = await collected([], fakeHandOver());
  expect([outcome.verdict, exitCodeOf(outcome), outputsOf(outcome)["images"]]).toEqual(["none", 0, "{}"]);
});

describe("one model's trouble is its own", () => {
  test.each<[string, string | null, RegExp]>([
    ["no configuration any more", null, /cannot be read/],
    ["a broken configuration", "model: [", /not sound YAML/],
    ["another model's configuration", configOf("other"), /is about other by now/],
    ["no repository", configOf("b", ""), /no image\.repository/],
  ])("%s", async (_what, text, why) => {
    const handOver = fakeHandOver();
    await released(handOver, "a", "pass");
    const b = modelNamed("b", text ?? "");
    if (text === null) rmSync(b.config);
    const { models } = (await collected([modelNamed("a"), b], handOver)).collected!;
    expect(models).toMatchObject([{ verdict: "pass" }, { verdict: "error", unfinished: false }]);
    expect(models[1]!.headline).toMatch(why);
  });

  test("a record that cannot be used", async () => {
    const error = new UserError([{ code: "hand-over.damaged", message: "it is not JSON", hint: "" }]);
    const handOver = { ...fakeHandOver(), find: () => Promise.reject(error) };
    const outcome = await collected([modelNamed("a")], handOver);
    expect(outcome).toMatchObject({ verdict: "error", headline: "a: it is not JSON" });
    expect(exitCodeOf(outcome)).toBe(2);
  });

  test("a registry that does not answer is everybody's: there is no result", async () => {
    const context = { side: "registry", during: "reading", retryable: true };
    const error = new WorldError({ code: "registry.unreachable", message: "silence", hint: "" }, context);
    const handOver = { ...fakeHandOver(), find: () => Promise.reject(error) };
    await expect(collected([modelNamed("a")], handOver)).rejects.toBe(error);
  });
});

describe("input that is not what plan and GitHub give is refused", () => {
  test.each(["", "{", "{}", '["a"]', '[{"name":"a"}]', '[{"name":1,"config":"x"}]', "null"])(
    "models: %j",
    async (models) => {
      await expect(collected(models, fakeHandOver())).rejects.toMatchObject({ problems: [{ code: "input.missing" }] });
    },
  );

  test.each(["{", "[]", "null", "1"])("jobs: %j", async (jobs) => {
    await expect(collected([], fakeHandOver(), jobs)).rejects.toMatchObject({ problems: [{ code: "input.missing" }] });
  });

  test("a job of which nothing is said did not succeed", async () => {
    const handOver = fakeHandOver();
    await released(handOver, "a", "pass");
    const outcome = await collected([modelNamed("a")], handOver, '{"stage":null,"build":{}}');
    expect(outcome.collected!.unexplained).toEqual(["stage (unknown)", "build (unknown)"]);
  });

  test("no models at all, and no run", async () => {
    const shop = repositoryShop(folder, { job });
    await expect(collectCommand(shop, askedOf("collect"), signal)).rejects.toThrow(/models that plan planned/);
    const terminal = repositoryShop(folder);
    await expect(collectCommand(terminal, askedOf("collect", { models: "[]" }), signal)).rejects.toThrow(
      /workflow run/,
    );
  });
});
