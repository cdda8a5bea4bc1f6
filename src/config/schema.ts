import { z } from "zod";
import { platforms } from "../adapters/platforms/index.ts";
import { runtimes } from "../adapters/runtimes/index.ts";
import { isRepository } from "../domain/image.ts";
import { parseTensor } from "../domain/model.ts";
import { tasks } from "../domain/observations/observations.ts";
import { loadProfiles } from "../domain/schedule.ts";
import { duration, rate, share, size } from "./units.ts";

const text = z.string().min(1, "it is empty");
const path = text.describe("A path, relative to the folder of this file");

const tensor = z
  .string()
  .transform((value, context) => {
    try {
      return parseTensor(value);
    } catch (error) {
      context.addIssue({ code: "custom", message: (error as Error).message });
      return z.NEVER;
    }
  })
  .describe("dtype[shape], such as float32[-1,64]");

const name = z
  .string()
  .regex(
    /^[a-z0-9]+([._-][a-z0-9]+)*$/,
    "write lower-case letters, digits and single dots, dashes or underscores between them",
  )
  .max(100, "write at most 100 characters");

const model = z
  .strictObject({
    name: name.describe("Names the model in images, metadata and reports"),
    path: path.describe("The model file or folder"),
    contract: z
      .strictObject({ inputs: z.record(text, tensor).optional(), outputs: z.record(text, tensor).optional() })
      .optional()
      .describe("Inputs and outputs as callers rely on them; checked against the graph"),
    policy: z
      .strictObject({ "max-size": size("200 MB").optional().describe("The largest the model may be") })
      .optional(),
  })
  .describe("What is released");

const image = z
  .strictObject({
    repository: z
      .string()
      .refine(isRepository, "write host[:port]/path in lower case, without a tag")
      .optional()
      .describe("Where images go, host/path; absent: the embedded registry in .modelgate/"),
    base: text
      .optional()
      .describe("Base image by tag or digest; default with a repository: the runtime's own, without: none"),
    runtime: z
      .enum(Object.keys(runtimes) as [keyof typeof runtimes])
      .default("onnx")
      .describe("The serving runtime"),
    server: path
      .optional()
      .describe("Folder with the preprocessing the server applies (preprocess.mjs); part of the image"),
  })
  .describe("The container image");

const smoke = z
  .strictObject({ examples: path.describe("Golden requests, a JSON object per line") })
  .describe("What staging must answer before it is measured");

const evaluate = z
  .strictObject({
    data: path.describe("Labelled data: .csv, .jsonl"),
    task: z.enum(tasks).describe("What the model predicts"),
    inputs: z
      .record(text, text)
      .default({})
      .describe("Model input → column, glob (pixel_*) or a list of them; default: the column of the same name"),
    label: text.describe("Column with the right answer; never sent"),
    id: text.optional().describe("Column that names the row; default: its number"),
    classes: z
      .array(z.union([z.string(), z.number()]).transform(String))
      .min(2, "write at least two classes")
      .optional()
      .describe("Class names in the order of the probabilities; needed unless task is regression"),
    positive: text.optional().describe("The positive class of a binary task; default: the second of classes"),
    threshold: z.number().min(0).max(1).default(0.5).describe("Binary: scores from here on mean the positive class"),
    output: text.optional().describe("Model output to read; default: the only one that fits"),
    slices: z.array(text).default([]).describe("Columns to judge by; never sent"),
    concurrency: z.int().min(1).max(256).default(8).describe("Rows asked at the same time"),
    "failed-rows": z
      .enum(["error", "wrong", "exclude"])
      .default("error")
      .describe(
        "What a row without a usable answer does: every row metric is an error, it counts as wrong, or it is left out",
      ),
    "max-failed": share("0.5%").optional().describe("Beyond this share failed rows are an error all the same"),
  })
  .describe("How the deployed model is measured");

const load = z
  .strictObject({
    profile: z.enum(loadProfiles).default("server").describe("server: Poisson arrivals; constant: fixed spacing"),
    rate: rate("50/s").describe("Requests per second"),
    duration: duration("20 s").describe("How long requests are sent"),
    warmup: duration("2 s").optional().describe("Sent before at a quarter of the rate, not recorded; default 2 s"),
    timeout: duration("30 s").optional().describe("A request without an answer by then failed; default 30 s"),
  })
  .describe("A short open-loop load test of staging, for latency, error_rate and throughput");

const gate = z.union([
  text,
  z.strictObject({
    check: text.describe("The check, as in the short form"),
    severity: z
      .enum(["required", "advisory"])
      .default("required")
      .describe("advisory: measured and shown, never decides"),
    on_inconclusive: z
      .enum(["block", "allow"])
      .default("block")
      .describe("allow: left out of the verdict when it cannot be settled"),
  }),
]);

const promotion = z
  .strictObject({
    "max-age": duration("7 days").optional().describe("How old a verdict may be; default 7 days"),
    first: z
      .enum(["allow", "block"])
      .default("allow")
      .describe("Whether gates against the champion are left out while there is none"),
  })
  .describe("What promote asks for");

const environment = z.discriminatedUnion(
  "platform",
  Object.entries(platforms).map(([kind, { options }]) => options.extend({ platform: z.literal(kind) })) as unknown as [
    z.ZodObject<{ platform: z.ZodLiteral<string> }>,
  ],
);

/** modelgate.yml. Every key has its meaning here: types, JSON Schema and docs/reference/config.md are made from it. */
export const configSchema = z.strictObject({
  model,
  image: image.prefault({}),
  smoke: smoke.optional(),
  evaluate: evaluate.optional(),
  load: load.optional(),
  gates: z.array(gate).default([]).describe("All must pass; see docs/gates.md"),
  promotion: promotion.prefault({}),
  environments: z
    .record(
      z.string().regex(/^[a-z][a-z0-9-]{0,30}$/, "name environments in lower-case letters, digits and dashes"),
      environment,
    )
    .describe("Where releases run; staging is judged, production is promoted to"),
});

export type Written = z.output<typeof configSchema>;
