import { z } from "zod";
import { datasets } from "../adapters/datasets/index.ts";
import { platforms } from "../adapters/platforms/index.ts";
import { protocols } from "../adapters/protocols/index.ts";
import { runtimes } from "../adapters/runtimes/index.ts";
import { isRepository } from "../domain/image.ts";
import { parseTensor } from "../domain/model.ts";
import { tasks } from "../domain/observations/observations.ts";
import { loadProfiles } from "../domain/schedule.ts";
import { approval, github, signing, trust } from "./control.ts";
import { duration, pause, rate, share, size } from "./units.ts";

// `form` says what may stand at a key: hints and docs/reference/config.md show it. The description says what it means.
const text = z.string().min(1, { abort: true }).meta({ form: "a text" });
const path = text.meta({ form: "a path, relative to the folder of this file" });
const column = text.meta({ form: "the name of a column" });

const tensor = z
  .string()
  .meta({ form: 'dtype[shape] in quotes, such as "float32[-1,64]"', examples: ["float32[-1,64]"] })
  .transform((value, context) => {
    try {
      return parseTensor(value);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      context.addIssue({ code: "custom", message: error.message });
      return z.NEVER;
    }
  });

const name = z
  .string()
  .regex(/^[a-z0-9]+([._-][a-z0-9]+)*$/)
  .max(100)
  .meta({
    form: "lower-case letters and digits, with single dots, dashes or underscores between them, at most 100 in all",
  });

const model = z
  .strictObject({
    name: name.describe("Names the model in images, metadata and reports"),
    path: path.describe("The model file or folder"),
    contract: z
      .strictObject({
        inputs: z.record(text, tensor).optional().describe("Input → dtype and shape; -1 or a name varies"),
        outputs: z.record(text, tensor).optional().describe("Output → dtype and shape"),
      })
      .optional()
      .describe("Inputs and outputs as callers rely on them; checked against the graph and the served model"),
    policy: z
      .strictObject({ "max-size": size("200 MB").optional().describe("The largest the model may be") })
      .optional()
      .describe("What the model must keep to"),
  })
  .describe("What is released");

const image = z
  .strictObject({
    repository: z
      .string()
      .meta({ form: "host[:port]/path in lower case without a tag, such as ghcr.io/acme/digits" })
      .refine(isRepository, "is no repository")
      .optional()
      .describe("Where images go; absent: the embedded registry in .modelgate/"),
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
    custom: z
      .strictObject({
        command: z
          .array(text)
          .min(1)
          .describe(
            "The program and its words; {model} is the model's folder in the image, {file} its file, {name} its name",
          ),
        port: z.int().min(1).max(65_535).describe("Where the server listens, on 0.0.0.0"),
        protocol: z.enum(Object.keys(protocols) as [keyof typeof protocols]).describe("What the server speaks"),
        ready: text
          .regex(/^\//)
          .meta({ form: "a path that begins with /" })
          .optional()
          .describe("Path that answers 200 once the model can be asked; default: the protocol's"),
        env: z
          .record(z.string().regex(/^[A-Za-z_]\w*$/, "write the name of an environment variable"), z.string())
          .default({})
          .describe("Environment of the server; no secrets"),
      })
      .optional()
      .describe("With runtime: custom, how the server in image.base is started and spoken to"),
  })
  .describe("The container image");

const smoke = z
  .strictObject({
    examples: path.describe("Golden requests, a JSON object per line"),
    strict: z
      .boolean()
      .default(false)
      .describe(
        "Whether a failure of the server (5xx) where the request is at fault fails the test; else it is a warning",
      ),
  })
  .describe("What staging must answer before it is measured");

const kinds = Object.keys(datasets);
const data = path
  .meta({ form: `a path that ends in ${kinds.map((kind) => `.${kind}`).join(" or ")}` })
  .refine((file) => Object.values(datasets).some((dataset) => dataset.recognises(file)), "is data of no known kind");

const className = z
  .union([z.string().min(1), z.number()])
  .transform(String)
  .meta({ form: "the name of a class" });

const evaluate = z
  .strictObject({
    data: data.describe("Labelled data"),
    task: z
      .enum([...tasks, "classification"])
      .describe("What the model predicts; classification is binary with two classes, else multiclass"),
    inputs: z
      .record(text, text.meta({ form: "columns, or globs such as pixel_*, with commas between them" }))
      .default({})
      .describe("Model input → its columns, in their order in the data; default: the column of the same name"),
    label: column.describe("Column with the right answer; never sent"),
    id: column.optional().describe("Column that names the row; default: its number"),
    classes: z
      .array(className)
      .min(2)
      .optional()
      .describe("Class names in the order of the probabilities; needed by binary, multiclass and multilabel tasks"),
    positive: className.optional().describe("The positive class of a binary task: it must be the second of classes"),
    threshold: z
      .number()
      .min(0)
      .max(1)
      .default(0.5)
      .describe("Binary and multilabel: scores from here on mean that a class applies"),
    "label-separator": text.default("|").describe("Multilabel: stands between the classes of a label in CSV"),
    group: column
      .optional()
      .describe(
        "Column with what makes rows belong together: the query of a ranking; for other tasks a user or a document, and bounds then allow for it; never sent",
      ),
    partners: z
      .record(text, text.meta({ form: "columns, or globs such as pixel_*, with commas between them" }))
      .optional()
      .describe("Embedding of pairs: model input → columns of the other text; the label is then how alike the two are"),
    output: text.optional().describe("Model output to read; default: the only one that fits"),
    slices: z.array(column).default([]).describe("Columns to judge by; never sent"),
    concurrency: z.int().min(1).max(256).default(8).describe("Rows asked at the same time"),
    "failed-rows": z
      .enum(["error", "wrong", "exclude"])
      .default("error")
      .describe(
        "What a row without a usable answer does: every row metric is an error, it counts as wrong, or it is left out",
      ),
    "max-failed": share("0.5%")
      .optional()
      .describe("With wrong or exclude: beyond this share it is an error all the same"),
  })
  .describe("How the deployed model is measured");

const load = z
  .strictObject({
    profile: z.enum(loadProfiles).default("server").describe("server: Poisson arrivals; constant: fixed spacing"),
    rate: rate("50/s").describe("Requests sent per second, whatever the server does"),
    duration: duration("20 s").describe("How long requests are sent"),
    warmup: pause("2 s").optional().describe("Sent before at a quarter of the rate, not recorded; default 2 s"),
    timeout: duration("30 s").optional().describe("A request without an answer by then failed; default 30 s"),
  })
  .describe("A short open-loop load test of staging, for latency, error_rate and throughput");

const check = text.meta({ form: "a check such as accuracy >= 0.95" });
const weight = {
  severity: z
    .enum(["required", "advisory"])
    .default("required")
    .describe("advisory: measured and shown, never decides"),
  on_inconclusive: z
    .enum(["block", "allow"])
    .default("block")
    .describe("allow: left out of the verdict when it cannot be settled"),
};
const gate = z.union([
  check,
  z.strictObject({ check: check.describe("The check, as in the short form"), ...weight }),
  z.strictObject({
    any_of: z
      .array(check)
      .min(2)
      .max(20)
      .describe("Instead of check: checks of which at least one must hold, corrected for their number"),
    ...weight,
  }),
]);

const promotion = z
  .strictObject({
    "max-age": duration("7 days").optional().describe("How old a verdict may be; default 7 days"),
    first: z
      .enum(["allow", "block"])
      .default("allow")
      .describe("Whether gates against the champion are left out, or errors, while production runs nothing"),
    baseline: text
      .default("main")
      .meta({ form: "a branch" })
      .describe("The protected branch: a policy looser than the one there is not enough by itself"),
    approval: approval.optional(),
  })
  .describe("What promote asks for");

const environmentName = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,30}$/)
  .meta({ form: "lower-case letters, digits and dashes, at most 31 and a letter first" });

const environment = z.discriminatedUnion(
  "platform",
  Object.entries(platforms).map(([kind, { options }]) =>
    options.extend({ platform: z.literal(kind).describe("Where it runs") }),
  ) as unknown as [z.ZodObject<{ platform: z.ZodLiteral<string> }>],
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
  signing: signing.optional(),
  trust: trust.prefault({}),
  github: github.prefault({}),
  environments: z
    .record(environmentName, environment)
    .meta({ form: "names such as staging, each with its platform" })
    .describe("Where releases run; staging is judged, production is promoted to"),
});

export type Written = z.output<typeof configSchema>;
