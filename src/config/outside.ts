import { z } from "zod";
import { importers } from "../adapters/importers/index.ts";
import { outsideUnits } from "../domain/outside/declared.ts";
import { variable } from "./control.ts";
import { path, text } from "./texts.ts";
import { duration } from "./units.ts";

const name = z
  .string()
  .regex(/^(?!p\d|(?:mean|max|min)$)[a-z][a-z0-9_]*$/)
  .max(60)
  .meta({ form: "lower-case letters, digits and underscores, a letter first; not mean, max, min or p99" });

/** A metric that something else measures. */
const metric = z.strictObject({
  better: z.enum(["higher", "lower"]).describe("Which way is better"),
  unit: z
    .enum(outsideUnits)
    .default("score")
    .describe("ratio: 0 to 1, shown in per cent; score: a number without a unit"),
  range: z
    .tuple([z.number(), z.number()])
    .meta({ form: "the least and the greatest possible value, such as [1, 5]" })
    .optional()
    .describe("Least and greatest possible value: anything else is no result; default: what the unit has"),
});

const metrics = z
  .record(name, metric)
  .meta({ form: "names such as helpfulness, each with better" })
  .describe("What it measures: a gate names judge.helpfulness");

/** Evaluation scripts of the user's own. */
export const commands = z
  .record(
    name,
    z.strictObject({
      run: z
        .array(text)
        .min(1)
        .describe("The program and its words, run in the folder of this file; there is no shell"),
      metrics,
      env: z
        .array(variable)
        .default([])
        .describe("Variables it gets, such as the key of a service; of all others only PATH and its like"),
      timeout: duration("10 min").optional().describe("It is ended after this time; default 10 min"),
    }),
  )
  .meta({ form: "names such as judge, each with run and metrics" })
  .default({})
  .describe("Scripts of yours that measure the endpoint; see docs/outside.md");

/** What answers have to be. */
export const rules = z
  .record(
    name,
    z.strictObject({
      regex: text.optional().describe("A regular expression that is found in the answer; ^ and $ hold it to all of it"),
      "json-schema": path
        .optional()
        .describe("A file with the JSON Schema (2020-12 or 07) that the answer, as JSON, keeps"),
    }),
  )
  .meta({ form: "names such as date, each with regex or json-schema" })
  .default({})
  .describe("generation: what answers have to be; a gate names rules.date, the share that keeps it");

const imported = metric.extend({
  of: text.optional().describe("What the tool calls it, such as arc_easy/acc,none; default: the same name"),
});

/** Results of other tools. */
export const imports = z
  .record(
    name,
    z.strictObject({
      tool: z.enum(Object.keys(importers) as [keyof typeof importers]).describe("Which tool wrote the results"),
      from: path.describe("The results file; it must name the image that it measured, by digest"),
      metrics: z
        .record(name, imported)
        .meta({ form: "names such as arc, each with better" })
        .describe("What is taken from it: a gate names harness.arc"),
    }),
  )
  .meta({ form: "names such as harness, each with tool, from and metrics" })
  .default({})
  .describe("Results of other tools about the same image; see docs/outside.md");
