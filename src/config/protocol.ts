import { z } from "zod";
import { text } from "./texts.ts";

const route = z.string().regex(/^\//).meta({ form: "a path that begins with /" });
const pointer = z
  .string()
  .regex(/^(\/([^~/]|~[01])*)*$/)
  .meta({ form: "a JSON pointer such as /output/0, or an empty text for the whole answer" });

/** How a model is asked, where its protocol leaves a choice. */
export const protocol = z
  .strictObject({
    stream: z
      .boolean()
      .default(false)
      .describe("openai, tgi: texts come as a stream of events, which tells when the first token came"),
    completions: z
      .boolean()
      .default(false)
      .describe("openai: a prompt is sent to /v1/completions as it is, instead of as a message of a chat"),
    binary: z
      .boolean()
      .default(false)
      .describe("v2: tensors go and come as bytes behind the JSON, by servers that take the binary tensor extension"),
    vertex: z
      .strictObject({
        health: route.describe("What the container is told in AIP_HEALTH_ROUTE"),
        predict: route.describe("What the container is told in AIP_PREDICT_ROUTE"),
      })
      .optional()
      .describe("vertex: the routes of the container"),
    http: z
      .strictObject({
        ready: route.describe("Answers 200 once the model can be asked"),
        method: z.enum(["POST", "PUT", "PATCH"]).default("POST").describe("How inferences are sent"),
        path: route.describe("Where inferences are sent"),
        body: z
          .json()
          .default(null)
          .meta({ form: 'any YAML, in which "{x}" stands for the rows of the input x, and "{x[0]}" for its only row' })
          .describe("The JSON that is sent; default: inputs by their names"),
        read: z
          .record(text, pointer)
          .refine((read) => Object.keys(read).length > 0, "names no output")
          .describe("Model output → where it stands in the JSON that is answered"),
      })
      .optional()
      .describe("http: how a server that speaks no other protocol is asked"),
  })
  .describe("How the model is asked, where its protocol leaves a choice");
