import { readJson } from "../json.ts";
import { shorten } from "../shorten.ts";
import type { DeclaredMetric } from "./declared.ts";
import { type Judge, readJudge } from "./judge.ts";
import { isMissing, measuredScores, measuredValue, type Reported, type ScoresAsked } from "./measured.ts";

/** What a script printed, by the names of its metrics. */
export interface ScriptOutput {
  metrics: Readonly<Record<string, Reported>>;
  /** What it printed that nothing declares. */
  extra: readonly string[];
}

type Declarations = Readonly<Record<string, DeclaredMetric>>;
type Plain = Record<string, unknown>;

const isPlain = (value: unknown): value is Plain =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The same reason for every metric. */
export const missingAll = (declared: Declarations, missing: string): Record<string, Reported> =>
  Object.fromEntries(Object.keys(declared).map((name) => [name, { missing }]));

/** Rounding of a mean is no difference. */
const agrees = (a: number, b: number): boolean => Math.abs(a - b) <= 1e-6 * Math.max(1, Math.abs(a), Math.abs(b));

/** What was printed of one metric: with scores of rows the metric is their mean, and a value beside them must say the same. */
function readMetric(
  name: string,
  declared: DeclaredMetric,
  { metrics, rows }: { metrics: Plain; rows: Plain },
  asked: ScoresAsked,
): Reported {
  const own = (of: Plain): boolean => Object.hasOwn(of, name);
  if (!own(metrics) && !own(rows)) return { missing: `it is not in the output; print {"metrics": {"${name}": …}}` };
  const value = own(metrics) ? measuredValue(metrics[name], declared) : null;
  if (!own(rows) || (value && isMissing(value))) return value!;
  const scores = measuredScores(rows[name], declared, asked);
  if (value === null || isMissing(scores) || agrees(value.value, scores.value)) return scores;
  return { missing: `metrics says ${value.value}, and the mean of its rows is ${scores.value}` };
}

/** Reads what a script printed: `{"metrics": {"name": 0.9}, "rows": {"name": [1, 0, …]}}`, either of them or both. */
export function readScriptOutput(text: string, declared: Declarations, asked: ScoresAsked): ScriptOutput {
  const nothing = (missing: string): ScriptOutput => ({ metrics: missingAll(declared, missing), extra: [] });
  let body: unknown; // Python prints NaN, which is no JSON: read, it can be named.
  try {
    body = readJson(text);
  } catch {
    const seen = text.trim() === "" ? "it is empty" : `it begins with ${JSON.stringify(shorten(text, 40))}`;
    return nothing(
      `the output is not JSON: ${seen}; print one JSON object and nothing else, or write it to MODELGATE_OUTPUT`,
    );
  }
  const {
    metrics = {},
    rows = {},
    judge: named,
    ...others
  } = isPlain(body) ? body : { metrics: null, judge: undefined };
  if (!isPlain(metrics) || !isPlain(rows))
    return nothing('the output is not of the form {"metrics": {…}, "rows": {…}}');
  let judge: Judge | null = null;
  try {
    judge = named === undefined ? null : readJudge(named);
  } catch (error) {
    return nothing((error as Error).message);
  }
  const judged = (reported: Reported): Reported =>
    judge === null || isMissing(reported) ? reported : { ...reported, judge };
  const undeclared = [...new Set([...Object.keys(metrics), ...Object.keys(rows)])].filter(
    (name) => !Object.hasOwn(declared, name),
  );
  return {
    metrics: Object.fromEntries(
      Object.entries(declared).map(([name, metric]) => [
        name,
        judged(readMetric(name, metric, { metrics, rows }, asked)),
      ]),
    ),
    extra: [...undeclared, ...Object.keys(others)],
  };
}
