import { isObject, type JsonValue } from "../../domain/json.ts";
import type { ImportedValue } from "../../domain/outside/imported.ts";
import type { Importer } from "../../ports/importer.ts";
import { atPath, numberOrNull, oneImage, textOf } from "./shared/body.ts";

/** `acc,none` is a metric and the filter of its answers; beside it stands `acc_stderr,none`. */
const metricKey = /^(?<metric>[^,]+),(?<filter>[^,]+)$/;

/** The numbers of a task, or of a group of tasks. */
function valuesOf(body: JsonValue, task: string, results: { [key: string]: JsonValue }): [string, ImportedValue][] {
  const count = atPath(body, "n-samples", task, "effective") ?? results["sample_len"];
  const version = `version ${textOf(atPath(body, "versions", task) ?? "unknown")}, ${textOf(atPath(body, "n-shot", task) ?? 0)}-shot`;
  return Object.entries(results).flatMap(([key, value]): [string, ImportedValue][] => {
    const { metric, filter } = metricKey.exec(key)?.groups ?? {};
    if (metric === undefined || filter === undefined || metric.endsWith("_stderr")) return [];
    const higher = atPath(body, "higher_is_better", task, metric);
    return [
      [
        `${task}/${key}`,
        {
          value,
          error: numberOrNull(results[`${metric}_stderr,${filter}`]),
          n: numberOrNull(atPath(results, "sample_count", key) ?? count),
          better: higher === true ? "higher" : higher === false ? "lower" : null,
          version,
        },
      ],
    ];
  });
}

/** Results of EleutherAI's lm-evaluation-harness (`--output_path`), as 0.4.13 writes them: `arc_easy/acc,none`. */
export const lmEval: Importer = {
  imageBy: 'run lm_eval with --metadata \'{"image": "<MODELGATE_IMAGE>"}\'',
  read(body) {
    const results = atPath(body, "results");
    if (!isObject(results) || atPath(body, "lm_eval_version") === undefined)
      throw new RangeError("these are no results of lm-evaluation-harness: results and lm_eval_version are missing");
    const configs = atPath(body, "configs");
    const images = isObject(configs) ? Object.values(configs).map((config) => atPath(config, "metadata", "image")) : [];
    const tasks = Object.entries(results).filter((entry): entry is [string, { [key: string]: JsonValue }] =>
      isObject(entry[1]),
    );
    return {
      image: oneImage([...images, atPath(body, "metadata", "image")]),
      values: new Map(tasks.flatMap(([task, own]) => valuesOf(body, task, own))),
    };
  },
};
