import { z } from "zod";

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
  })
  .describe("How the model is asked, where its protocol leaves a choice");
