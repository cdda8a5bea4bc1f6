import { isObject, type JsonValue } from "../../domain/json.ts";
import type { ImportedValue } from "../../domain/outside/imported.ts";
import type { Importer } from "../../ports/importer.ts";
import { atPath, oneImage } from "./shared/body.ts";

/** The mean of numbers, one of each test; NaN where one is no number. Repeated tests are not independent, so they have no standard error. */
function meanOf(scores: readonly (JsonValue | undefined)[], isRepeated: boolean): ImportedValue {
  const numbers = scores.map((score) => (typeof score === "number" ? score : Number.NaN));
  const n = numbers.length;
  const mean = numbers.reduce((sum, score) => sum + score, 0) / n;
  const variance = numbers.reduce((sum, score) => sum + (score - mean) ** 2, 0) / (n - 1);
  const error = isRepeated || n < 2 ? null : Math.sqrt(variance / n);
  return { value: mean, error, n, better: null, version: "mean over tests" };
}

/** Results of `promptfoo eval --output results.json`, as 0.123 writes them: `pass_rate`, `score`, and each named metric. */
export const promptfoo: Importer = {
  imageBy: 'write tags: { image: "{{env.MODELGATE_IMAGE}}" } in promptfooconfig.yaml',
  read(body) {
    const tests = atPath(body, "results", "results");
    if (!Array.isArray(tests) || !tests.every((test) => isObject(test) && typeof test["success"] === "boolean"))
      throw new RangeError("these are no results of promptfoo eval: results.results is missing");
    const asked = new Set(
      tests.map((test) => JSON.stringify([atPath(test, "provider", "id"), atPath(test, "promptIdx")])),
    );
    if (asked.size > 1)
      throw new RangeError(
        `these are results of ${asked.size} providers or prompts: evaluate one endpoint with one prompt`,
      );
    const repeat = atPath(body, "runtimeOptions", "repeat") ?? atPath(body, "config", "evaluateOptions", "repeat");
    const mean = (scores: readonly (JsonValue | undefined)[]) =>
      meanOf(scores, typeof repeat === "number" && repeat > 1);
    const names = new Set(
      tests.flatMap((test) => Object.keys((atPath(test, "namedScores") as object | undefined) ?? {})),
    );
    const named = [...names].map((name): [string, ImportedValue] => {
      const scores = tests.map((test) => atPath(test, "namedScores", name));
      return [name, mean(scores.filter((score) => score !== undefined))];
    });
    const rate = mean(tests.map((test) => (atPath(test, "success") === true ? 1 : 0)));
    const score = mean(tests.map((test) => atPath(test, "score")));
    return {
      image: oneImage([atPath(body, "config", "tags", "image"), atPath(body, "metadata", "image")]),
      values: new Map(tests.length === 0 ? [] : [...named, ["pass_rate", rate], ["score", score]]),
    };
  },
};
