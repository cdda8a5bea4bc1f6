import { z } from "zod";
import { outsideUnits } from "../domain/outside/declared.ts";
import { variable } from "./control.ts";
import { text } from "./texts.ts";
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
