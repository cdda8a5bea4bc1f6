import { isObject, type JsonValue } from "../../domain/json.ts";
import type { ImportedValue } from "../../domain/outside/imported.ts";
import type { Importer } from "../../ports/importer.ts";
import { atPath, oneImage, textOf } from "./shared/body.ts";

/** The numbers of one metric: its value, or of several (`count`, `share`, labels) each. */
function valuesOf(name: string, value: JsonValue | undefined): [string, ImportedValue][] {
  const plain = (number: JsonValue | undefined): ImportedValue => ({
    value: number,
    error: null,
    n: null,
    better: null,
    version: name,
  });
  if (!isObject(value)) return [[name, plain(value)]];
  return Object.entries(value).map(([part, number]) => [`${name}/${part}`, plain(number)]);
}

/** `Accuracy` for `Accuracy(classification_name=default)`. */
const shortName = (name: string): string => name.replace(/\(.*\)/s, "");

/** Names that stand for one number only. */
function unique(values: readonly [string, ImportedValue][]): [string, ImportedValue][] {
  return values.filter(([name], index) => values.every(([other], at) => at === index || other !== name));
}

/** A report that Evidently 0.7 saved (`save_json`): metrics by their name, or by what stands before the bracket where only one has it. */
export const evidently: Importer = {
  imageBy:
    'add "metadata": {"image": "<MODELGATE_IMAGE>"} to the saved JSON: json.dump({**report.dict(), "metadata": {…}}, file)',
  read(body) {
    const metrics = atPath(body, "metrics");
    if (!Array.isArray(metrics) || !metrics.every((metric) => typeof atPath(metric, "metric_name") === "string"))
      throw new RangeError("this is no report of Evidently 0.7 or later: metrics with a metric_name are missing");
    const values = metrics.flatMap((metric) =>
      valuesOf(textOf(atPath(metric, "metric_name") ?? null), atPath(metric, "value")),
    );
    const short = values.map(([name, value]): [string, ImportedValue] => [shortName(name), value]);
    return {
      image: oneImage([atPath(body, "metadata", "image")]),
      values: new Map([...unique(short), ...unique(values)]),
    };
  },
};
