import type { Json } from "../canonical.ts";
import { shorten } from "../shorten.ts";
import { type DeclaredMetric, limitsOf, outsideUnits } from "./declared.ts";
import { type Judge, readJudge } from "./judge.ts";

/** What a source outside gave for one metric of one model. */
export interface Measured {
  /** With scores their mean. */
  value: number;
  /** A score for each row of the data set, in the order of the file until {@link inEvidence}; null where a row has none. Null: the source gave no scores. */
  scores: readonly (number | null)[] | null;
  /** Without scores: standard error of the value, and how many answers it is from; absent where the source does not say. */
  error?: number;
  n?: number;
  /** Who gave the scores; absent: the source names nobody. */
  judge?: Judge;
}

/** Why there is no number, for people. */
export interface Unmeasured {
  missing: string;
  /** Whether the attempt says nothing, and another one may: not an error, and never a pass. */
  inconclusive?: true;
}

export type Reported = Measured | Unmeasured;

/** One metric as it was measured outside, of both models. */
export interface OutsideMetric extends DeclaredMetric {
  /** What of which tool it is; absent: a script's. */
  source?: string;
  candidate: Reported;
  /** Null: the champion was not measured. */
  champion: Reported | null;
}

/** Name in a check, `judge.helpfulness` → what was measured. */
export type Outside = Readonly<Record<string, OutsideMetric>>;

export const isMissing = (reported: Reported): reported is Unmeasured => "missing" in reported;

/** Scores in the order in which evidence has rows. @param order the indices of rows in it. */
export function inEvidence(outside: Outside, order: Uint32Array): Outside {
  const placed = <T extends Reported | null>(found: T): T =>
    found === null || isMissing(found) || found.scores === null
      ? found
      : { ...found, scores: Array.from(order, (row) => (found.scores as Measured["scores"])![row]!) };
  return Object.fromEntries(
    Object.entries(outside).map(([name, { candidate, champion, ...metric }]) => [
      name,
      { ...metric, candidate: placed(candidate), champion: placed(champion) },
    ]),
  );
}

/** `rows 3, 7 and 2 more`, counted from 1. */
function rowsNamed(rows: readonly number[]): string {
  const named = rows.slice(0, 3).map((row) => row + 1);
  const more = rows.length - named.length;
  return `${rows.length === 1 ? "row" : "rows"} ${named.join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}

const rowsWhere = (scores: readonly unknown[], wrong: (score: unknown) => boolean): number[] =>
  [...scores.keys()].filter((row) => wrong(scores[row]));

/** What is asked of scores. */
export interface ScoresAsked {
  /** Rows of the data set. */
  rows: number;
  /** The share of rows that may be without a score. */
  mostUnscored: number;
}

/** What is asked of a number, in words; null: it is in its range. */
function outOfRange(value: number, declared: DeclaredMetric): string | null {
  const [least, most] = limitsOf(declared);
  if (value >= least && value <= most) return null;
  const hint =
    declared.unit === "ratio" && value > 1 && value <= 100 ? ` (is it in per cent? ${value / 100} is meant)` : "";
  return `${value} is not between ${least} and ${most}${hint}`;
}

/** What a value is called that is no finite number. */
function called(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(shorten(value, 40));
  if (typeof value === "number" || value === null) return String(value);
  if (typeof value === "object") return Array.isArray(value) ? "a list" : "an object";
  return `a ${typeof value}`;
}

/** A single number as a source gave it. */
export function measuredValue(value: unknown, declared: DeclaredMetric): Reported {
  if (typeof value !== "number" || !Number.isFinite(value)) return { missing: `it is ${called(value)}, not a number` };
  const out = outOfRange(value, declared);
  return out === null ? { value, scores: null } : { missing: out };
}

/** A row's score: of several samples their mean. Rows, not samples, are what is independent. */
function sampled(score: unknown, declared: DeclaredMetric): unknown {
  if (!Array.isArray(score)) return score;
  const isScore = (one: unknown): one is number => typeof one === "number" && outOfRange(one, declared) === null;
  return score.length > 0 && score.every(isScore) ? score.reduce((sum, one) => sum + one, 0) / score.length : score;
}

/** A number for each row as a source gave them, or several: the metric is their mean. */
export function measuredScores(
  given: unknown,
  declared: DeclaredMetric,
  { rows, mostUnscored }: ScoresAsked,
): Reported {
  if (!Array.isArray(given)) return { missing: `its rows are ${called(given)}, not a list` };
  const scores: unknown[] = given.map((score) => sampled(score, declared));
  if (scores.length !== rows)
    return {
      missing: `it has ${scores.length} row scores, and the data set has ${rows} rows: one each is needed, in the order of the data`,
    };
  const odd = rowsWhere(scores, (score) => score !== null && (typeof score !== "number" || !Number.isFinite(score)));
  if (odd.length > 0) return { missing: `${rowsNamed(odd)} scored ${called(scores[odd[0]!])}, not a number` };
  const known = scores.filter((score): score is number => score !== null);
  const out = rowsWhere(scores, (score) => score !== null && outOfRange(score as number, declared) !== null);
  if (out.length > 0) return { missing: `${rowsNamed(out)}: ${outOfRange(scores[out[0]!] as number, declared)}` };
  const without = rowsWhere(scores, (score) => score === null);
  if (known.length === 0 || without.length > mostUnscored * rows)
    return {
      missing: `${rowsNamed(without)} ${without.length === 1 ? "has" : "have"} no score; evaluate.failed-rows: exclude leaves out at most evaluate.max-failed`,
    };
  return { value: known.reduce((sum, score) => sum + score, 0) / known.length, scores: scores as (number | null)[] };
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function reportedFromJson(value: unknown): Reported {
  if (!isObject(value)) throw new RangeError("a measurement from outside is no object");
  if (typeof value["missing"] === "string")
    return { missing: value["missing"], ...(value["inconclusive"] === true && { inconclusive: true }) };
  const { value: number, scores, error, n, judge } = value;
  const sound = (score: unknown): boolean => score === null || typeof score === "number";
  const isNumber = (one: unknown): boolean => one === undefined || (typeof one === "number" && one >= 0);
  if (
    typeof number !== "number" ||
    !isNumber(error) ||
    !isNumber(n) ||
    !(scores === null || (Array.isArray(scores) && scores.every(sound)))
  )
    throw new RangeError("a measurement from outside has no number");
  const stated = { ...(error !== undefined && { error: error as number }), ...(n !== undefined && { n: n as number }) };
  const by = isObject(judge) && readJudge({ ...judge, prompt_sha256: judge["promptSha256"] });
  return { value: number, scores: scores as Measured["scores"], ...stated, ...(by && { judge: by }) };
}

/** Reads what was measured outside back from evidence. @throws RangeError when it has not the shape. */
export function outsideFromJson(value: Json): Outside {
  if (!isObject(value)) throw new RangeError("what was measured outside is no object");
  return Object.fromEntries(
    Object.entries(value).map(([name, metric]): [string, OutsideMetric] => {
      const { unit, direction, range, about, source, candidate, champion } = isObject(metric) ? metric : {};
      const ends = Array.isArray(range) ? range : [];
      if (
        !outsideUnits.some((known) => known === unit) ||
        (direction !== "higher" && direction !== "lower") ||
        ends.length !== 2 ||
        !ends.every((end) => end === null || typeof end === "number")
      )
        throw new RangeError(`what ${name} is cannot be read`);
      const declared = { unit, direction, range: ends } as unknown as DeclaredMetric;
      const from = {
        ...(about === "operation" && ({ about } as const)),
        ...(typeof source === "string" && { source }),
      };
      const other = champion === null ? null : reportedFromJson(champion);
      return [name, { ...declared, ...from, candidate: reportedFromJson(candidate), champion: other }];
    }),
  );
}
