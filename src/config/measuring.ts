import { z } from "zod";
import { datasets } from "../adapters/datasets/index.ts";
import { parseImage } from "../domain/image.ts";
import { tasks } from "../domain/observations/observations.ts";
import { loadProfiles, mostRequests } from "../domain/schedule.ts";
import { commands, imports, rules } from "./outside.ts";
import { column, path, text } from "./texts.ts";
import { duration, pause, rate, share } from "./units.ts";

const endings = Object.keys(datasets).filter((kind) => kind !== "folder");
const data = path
  .meta({ form: `a path that ends in ${endings.map((kind) => `.${kind}`).join(" or ")}, or a folder of such files` })
  .refine((file) => Object.values(datasets).some((dataset) => dataset.recognises(file)), "is data of no known kind");

const className = z
  .union([z.string().min(1), z.number()])
  .transform(String)
  .meta({ form: "the name of a class" });

const byDigest = text.meta({ form: "an image, repository@sha256:…" }).refine((written) => {
  try {
    return Boolean(parseImage(written));
  } catch {
    return false;
  }
}, "does not name an image by digest");

const columns = text.meta({
  form: "columns, globs such as pixel_*, or ranges such as pixel_0..pixel_63, with commas between them; or file: or base64: and a column of paths",
});

export const evaluate = z
  .strictObject({
    data: data.describe("Labelled data"),
    task: z
      .enum([...tasks, "classification"])
      .describe("What the model predicts; classification is binary with two classes, else multiclass"),
    inputs: z
      .record(text, columns)
      .default({})
      .describe(
        "Model input → its columns: a glob takes them in their order in the data, a range by number; default: the column of the same name",
      ),
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
    split: text.optional().describe("Which split of a folder of data, such as test; default: all of its files"),
    group: column
      .optional()
      .describe(
        "Column with what makes rows belong together: the query of a ranking; for other tasks a user or a document, and bounds then allow for it; never sent",
      ),
    partners: z
      .record(text, columns)
      .optional()
      .describe("Embedding of pairs: model input → columns of the other text; the label is then how alike the two are"),
    baseline: byDigest
      .optional()
      .describe(
        "Image of another model, such as the original of a converted or quantised one, that was evaluated on the same data: gates compare with what it answered",
      ),
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
    "price-per-hour": z
      .number()
      .positive()
      .optional()
      .describe("What an hour of what staging runs on costs, in any currency: for cost_per_1k"),
    commands,
    imports,
    rules,
  })
  .describe("How the deployed model is measured");

export const load = z
  .strictObject({
    profile: z
      .enum(loadProfiles)
      .default("server")
      .describe(
        "server: Poisson arrivals; constant: fixed spacing; replay: recorded times; stream: users who wait for their answers; offline: all rows at once",
      ),
    rate: rate("50/s").optional().describe("server, constant: requests sent per second, whatever the server does"),
    "max-attempts": z
      .int()
      .min(1)
      .max(5)
      .optional()
      .describe("How often the load is put while its gates do not pass; the last counts, all are told; default 1"),
    duration: duration("20 s").optional().describe("server, constant, stream: how long requests are sent"),
    arrivals: path
      .optional()
      .describe("replay: file with the time of a request on each line, in seconds or as 2026-11-23T12:00:00.250Z"),
    concurrency: z.int().min(1).max(4096).optional().describe("stream: users; offline: requests in flight"),
    batch: z.int().min(1).max(4096).optional().describe("offline: rows in a request; default 1"),
    items: z
      .int()
      .min(1)
      .max(mostRequests)
      .optional()
      .describe("offline: rows sent in all, over and over; default: each row of the data once, up to 2000"),
    "allow-closed": z
      .boolean()
      .optional()
      .describe(
        "stream, offline: gates may look at latency all the same, though it is service time: a slow server is asked less",
      ),
    goodput: z
      .strictObject({
        latency: duration("250 ms").optional().describe("The whole answer, from the intended send"),
        ttft: duration("500 ms").optional().describe("Of a stream: the first token, from the intended send"),
        tpot: duration("50 ms").optional().describe("Of a stream: each token after the first, on average"),
      })
      .optional()
      .describe("What an answer must hold to count for goodput"),
    "find-max": z
      .strictObject({
        slo: z
          .array(
            text.meta({ form: "a check of a time or of error_rate against a number, such as latency.p99 <= 250ms" }),
          )
          .min(1)
          .max(10)
          .describe("What must hold at a rate"),
        from: rate("10/s").describe("The first rate that is tried"),
        to: rate("500/s").describe("The greatest rate that is tried"),
        precision: share("10%").optional().describe("How near the greatest rate is found; default 10%"),
        trial: duration("15 s").optional().describe("How long a rate is tried; default 15 s"),
        confirm: duration("60 s")
          .optional()
          .describe("How long the best rate is tried again, twice, with 95% confidence; default 60 s"),
      })
      .optional()
      .describe("After the load itself, looks for the greatest rate at which objectives hold, for max_rate"),
    warmup: pause("2 s").optional().describe("Sent before at a quarter of the rate, not recorded; default 2 s"),
    timeout: duration("30 s").optional().describe("A request without an answer by then failed; default 30 s"),
  })
  .describe("A short load test of staging, for latency, error_rate and throughput");

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
export const gate = z.union([
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
