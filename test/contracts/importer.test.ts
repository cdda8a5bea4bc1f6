import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { importers } from "../../src/adapters/importers/index.ts";
import type { JsonValue } from "../../src/domain/json.ts";
import { type ImporterTraits, importerContract } from "./importer.ts";

type Plain = { [key: string]: JsonValue };
type Tool = keyof typeof importers;

/** What the tools themselves wrote: see the README beside them. */
const written = (tool: Tool): Plain =>
  JSON.parse(readFileSync(join(import.meta.dirname, `../fixtures/importers/${tool}.json`), "utf8")) as Plain;
const at = (body: JsonValue, ...keys: (string | number)[]) =>
  keys.reduce((value, key) => (value as Plain)[key]!, body) as Plain;

const image = `registry.example/helpdesk@sha256:${"a".repeat(64)}`;
const traits: Record<Tool, Pick<ImporterTraits, "values" | "none" | "naming">> = {
  "lm-eval": {
    values: {
      "tiny/acc,none": {
        value: 0.45,
        error: 0.07966275068156915,
        n: 40,
        better: "higher",
        version: "version 2, 0-shot",
      },
      "tiny2/acc_norm,none": { value: 0.525, error: 0.07996393417804533, n: 40, better: "higher" },
      "both/acc,none": { value: 0.4875, error: 0.05643665611857379, n: 80, better: "higher" },
    },
    none: ["tiny/acc_stderr,none", "tiny/alias", "tiny/sample_len", "tiny/name"],
    naming(body, named) {
      for (const task of ["tiny", "tiny2"]) at(body, "configs", task, "metadata")["image"] = named;
    },
  },
  promptfoo: {
    values: {
      pass_rate: { value: 0.5, error: Math.sqrt(0.25 / 3), n: 4 },
      score: { value: 0.625, n: 4 },
      fruit: { value: 0.5, error: Math.sqrt(0.25 / 3), n: 3 },
      tone: { value: 0.5, error: null, n: 1 },
    },
    none: ["plum"],
    naming(body, named) {
      at(body, "config", "tags")["image"] = named;
    },
  },
  evidently: {
    values: {
      Accuracy: { value: 0.75, error: null, n: null, better: null },
      "Accuracy(classification_name=default)": { value: 0.75 },
      "MeanValue(column=prediction)": { value: 0.5 },
      "MissingValueCount(column=target)/share": { value: 0 },
    },
    none: ["MissingValueCount"],
    naming(body, named) {
      body["metadata"] = { image: named };
    },
  },
};

const tools = Object.keys(importers) as Tool[];
for (const tool of tools)
  importerContract(tool, {
    ...traits[tool],
    importer: importers[tool],
    body: () => written(tool),
    image,
    foreign: tools.filter((other) => other !== tool).map(written),
  });

test("lm-eval: tasks that were measured on several images are refused", () => {
  const body = written("lm-eval");
  at(body, "configs", "tiny", "metadata")["image"] = "r.example/other@sha256:b";
  expect(() => importers["lm-eval"].read(body)).toThrow(/several images/);
});

test("lm-eval: a standard error that was not made is none", () => {
  const body = written("lm-eval");
  at(body, "results", "tiny")["acc_stderr,none"] = "N/A";
  expect(importers["lm-eval"].read(body).values.get("tiny/acc,none")?.error).toBeNull();
});

test("promptfoo: results of two providers are refused", () => {
  const body = written("promptfoo");
  at(body, "results", "results", 1, "provider")["id"] = "other";
  expect(() => importers.promptfoo.read(body)).toThrow(/2 providers or prompts/);
});

test("promptfoo: repeated tests have no standard error", () => {
  const body = written("promptfoo");
  at(body, "runtimeOptions")["repeat"] = 3;
  expect(importers.promptfoo.read(body).values.get("pass_rate")).toMatchObject({ value: 0.5, error: null });
});

test("promptfoo: a score that is none makes no mean", () => {
  const body = written("promptfoo");
  at(body, "results", "results", 1)["score"] = null;
  expect(importers.promptfoo.read(body).values.get("score")?.value).toBeNaN();
  expect(importers.promptfoo.read({ ...body, results: { results: [] } }).values.size).toBe(0);
});

test("evidently: a name that two metrics have stands for neither", () => {
  const body = written("evidently");
  const metrics = body["metrics"] as Plain[];
  metrics.push({ ...metrics[0]!, metric_name: "Accuracy(classification_name=other)", value: 0.1 }, { ...metrics[1]! });
  const { values } = importers.evidently.read(body);
  expect([values.has("Accuracy"), values.get("Accuracy(classification_name=other)")?.value]).toEqual([false, 0.1]);
  expect([...values.keys()].filter((name) => name.startsWith("F1Score"))).toEqual([]);
});
