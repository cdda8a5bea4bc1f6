import { z } from "zod";
import { platforms } from "../adapters/platforms/index.ts";
import { protocols } from "../adapters/protocols/index.ts";
import { runtimes } from "../adapters/runtimes/index.ts";
import { isRepository } from "../domain/image.ts";
import { parseTensor } from "../domain/model.ts";
import { undecided } from "../domain/ready-paths.ts";
import { access, approval, github, signing, trust, variable } from "./control.ts";
import { evaluate, gate, load } from "./measuring.ts";
import { protocol } from "./protocol.ts";
import { path, text } from "./texts.ts";
import { duration, size } from "./units.ts";

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
    convert: z
      .strictObject({
        run: z
          .array(text)
          .min(1)
          .describe("The program and its words, run in the folder of this file; there is no shell"),
        tool: z
          .string()
          .regex(/^([A-Za-z\d][\w.-]*==[\w.+!-]+|sha256:[0-9a-f]{64})$/)
          .meta({
            form: "onnxruntime==1.24.1, a Python package of the program, or sha256: and the digest of the program",
          })
          .describe("The tool, pinned: another version makes another model, and is refused"),
        to: z
          .string()
          .regex(/^[\w][\w.-]*$/)
          .meta({ form: "a file name such as digits-int8.onnx" })
          .describe("The name of what is made"),
        env: z.array(variable).default([]).describe("Variables it gets; of all others only PATH and its like"),
        timeout: duration("30 min").prefault("30 min").describe("It is ended after this time"),
      })
      .optional()
      .describe("Has the released model made of the one at path: quantised, or in another format; see docs/formats.md"),
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
        protocol: z
          .enum([...(Object.keys(protocols) as [keyof typeof protocols]), undecided])
          .describe("What the server speaks; auto: found out by smoke and evaluate, which then ask to write it here"),
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
    options({ duration, size }).extend({ platform: z.literal(kind).describe("Where it runs") }),
  ) as unknown as [z.ZodObject<{ platform: z.ZodLiteral<string> }>],
);

/** modelgate.yml. Every key has its meaning here: types, JSON Schema and docs/reference/config.md are made from it. */
export const configSchema = z.strictObject({
  model,
  image: image.prefault({}),
  access: access.optional(),
  protocol: protocol.prefault({}),
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
