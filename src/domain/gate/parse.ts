import { didYouMean } from "./near.ts";
import { Scanner } from "./scanner.ts";

export { GateSyntaxError } from "./scanner.ts";

const references = ["champion", "baseline", "previous"] as const;
export type Reference = (typeof references)[number];
const operators = [">=", "<=", ">", "<"] as const;
export type Operator = (typeof operators)[number];
type NumberUnit = "%" | "ms" | "rps" | "bytes" | "pp";

/** What stands right of the operator. Times are in ms, sizes in bytes, `%` and `pp` are divided by 100; `unit` is what was written. */
type Right =
  | { kind: "value"; value: number; unit: NumberUnit | null }
  | { kind: "ref"; ref: Reference; mul: number; off: number; unit: NumberUnit | null };

/** A check as written: `metric [against reference] op right [@confidence] [by columns] [[min n]]`. */
export interface ParsedCheck {
  metric: string;
  args: Readonly<Record<string, string>>;
  /** `p99`, `mean`, `max` or `min` after the metric's name. */
  stat: string | null;
  /** Whose answers stand in the place of the truth; null: the labels are the truth. */
  against: Reference | null;
  op: Operator;
  right: Right;
  confidence: number | null;
  by: readonly string[];
  min: number | null;
  /** Columns, from 1, of the parts a later problem may lie in. */
  at: {
    metric: number;
    stat: number;
    against: number;
    args: Readonly<Record<string, number>>;
    op: number;
    right: number;
    confidence: number;
    by: number;
  };
}

/** The name that a metric from outside has: its statistic is a part of it, as in memory.max. */
export const outsideName = ({ metric, stat }: Pick<ParsedCheck, "metric" | "stat">): string =>
  stat === null ? metric : `${metric}.${stat}`;

const numeral = /\d+(\.\d+)?([eE][+-]?\d+)?|\.\d+/;
const word = /[A-Za-z_]\w*/;
const outsideMetric = /\.(?!p\d|(mean|max|min)(?!\w))[A-Za-z]\w*/;

/**
 * Reads a check in the grammar of docs/gates.
 * @throws GateSyntaxError with the column and what is allowed there.
 */
export function parseCheck(text: string): ParsedCheck {
  const scan = new Scanner(text);
  const at = {
    metric: scan.column,
    stat: 0,
    against: 0,
    args: {} as Record<string, number>,
    op: 0,
    right: 0,
    confidence: 0,
    by: 0,
  };
  const metric = readMetric(scan);
  const args = readArguments(scan, at.args);
  at.stat = scan.column;
  const stat = readStat(scan);
  at.against = scan.column;
  const against = scan.take(/against\b/) ? readReference(scan, references) : null;
  at.op = scan.column;
  const op = readOperator(scan);
  at.right = scan.column;
  const right = readRight(scan);
  at.confidence = scan.column;
  const confidence = readConfidence(scan);
  at.by = scan.column;
  const by = readBy(scan);
  const min = readMin(scan);
  if (!scan.done) refuseRest(scan);
  return { metric, args, stat, against, op, right, confidence, by, min, at };
}

/** A name, or any text in double quotes. */
const readText = (scan: Scanner, bare: RegExp, allowed: string): string =>
  scan.take(/"[^"]+"/)?.slice(1, -1) ?? scan.expect(bare, allowed).trim();

function readMetric(scan: Scanner): string {
  const column = scan.column;
  const own = scan.expect(word, "the name of a metric");
  // What stands behind the dot is a statistic, or the metric of a source outside.
  const name = `${own}${scan.take(outsideMetric, true) ?? ""}`;
  if (name !== name.toLowerCase())
    scan.fail(`names the metric "${name}"`, `metrics are written in lower case: ${name.toLowerCase()}`, column);
  return name;
}

function readArguments(scan: Scanner, at: Record<string, number>): Record<string, string> {
  const args: Record<string, string> = {};
  if (!scan.take(/\(/)) return args;
  do {
    const column = scan.column;
    const name = scan.expect(word, "an argument such as class=fraud");
    if (Object.hasOwn(args, name)) scan.fail(`gives ${name} twice`, "give each argument once", column);
    scan.expect(/=(?!=)/, `"=" and the value of ${name}`);
    at[name] = scan.column;
    args[name] = readText(scan, /[^\s,()="<>][^,()="<>]*/, `the value of ${name}`);
  } while (scan.take(/,/));
  scan.expect(/\)/, '"," or ")"');
  return args;
}

function readStat(scan: Scanner): string | null {
  if (!scan.take(/\./)) return null;
  const column = scan.column;
  const stat = scan.expect(/p\d+(\.\d+)?(?!\w)|(mean|max|min)(?!\w)/, "a percentile such as p99, or mean, max or min");
  const percent = Number(stat.slice(1));
  if (stat.startsWith("p") && !(percent > 0 && percent < 100))
    scan.fail(
      `asks for ${stat}`,
      "a percentile lies between p0 and p100, both excluded; the extremes are min and max",
      column,
    );
  return stat;
}

function readOperator(scan: Scanner): Operator {
  const column = scan.column;
  const written = scan.expect(/[<>=!]+/, "one of >=, <=, >, <");
  const known = operators.find((op) => op === written);
  return known ?? scan.fail(`compares with "${written}"`, `compare with one of ${operators.join(", ")}`, column);
}

/** What a unit makes of the number before it, and how it is remembered. Division keeps 0.1% the double nearest 0.001. */
const units: Readonly<Record<string, { of: (value: number) => number; unit: NumberUnit }>> = {
  "%": { of: (value) => value / 100, unit: "%" },
  pp: { of: (value) => value / 100, unit: "pp" },
  ms: { of: (value) => value, unit: "ms" },
  us: { of: (value) => value / 1000, unit: "ms" },
  s: { of: (value) => value * 1000, unit: "ms" },
  rps: { of: (value) => value, unit: "rps" },
  "/s": { of: (value) => value, unit: "rps" },
  ...Object.fromEntries(
    Object.entries({ kB: 1e3, MB: 1e6, GB: 1e9, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30 }).map(([name, bytes]) => [
      name,
      { of: (value: number) => value * bytes, unit: "bytes" as const },
    ]),
  ),
};
const valueUnits = Object.keys(units).filter((name) => name !== "pp");

function readNumber(scan: Scanner, allowed: readonly string[]): { value: number; unit: NumberUnit | null } {
  const value = Number(scan.expect(numeral, "a number"));
  if (!Number.isFinite(value)) scan.fail("has a number too large to hold", "write a smaller number");
  const column = scan.column;
  const written = scan.take(/%|\/s\b|(?!by\b)[A-Za-z]+/);
  if (written === null) return { value, unit: null };
  if (!allowed.includes(written))
    scan.fail(`has the unit "${written}"`, `allowed after this number: ${allowed.join(", ") || "no unit"}`, column);
  const { of, unit } = units[written]!;
  return { value: of(value), unit };
}

/** The name of a reference. @param allowed what else could stand here, for the message */
function readReference(scan: Scanner, allowed: readonly string[]): Reference {
  const column = scan.column;
  const name = scan.expect(word, `one of ${references.join(", ")}`);
  return (
    references.find((known) => known === name) ??
    scan.fail(`compares with "${name}"`, didYouMean(name, allowed), column)
  );
}

function readRight(scan: Scanner): Right {
  if (!scan.sees(word)) {
    const sign = scan.take(/-/) ? -1 : 1;
    const { value, unit } = readNumber(scan, valueUnits);
    return { kind: "value", value: sign * value, unit };
  }
  const ref = readReference(scan, [...references, "a number"]);
  const mul = scan.take(/\*/) ? readNumber(scan, []).value : 1;
  const sign = scan.take(/[+-]/);
  if (sign === null) return { kind: "ref", ref, mul, off: 0, unit: null };
  const { value, unit } = readNumber(scan, ["%", "pp", "ms", "us", "s"]);
  const change = sign === "-" ? -value : value;
  return unit === "%"
    ? { kind: "ref", ref, mul: mul + change, off: 0, unit }
    : { kind: "ref", ref, mul, off: change, unit };
}

function readConfidence(scan: Scanner): number | null {
  if (!scan.take(/@/)) return null;
  const column = scan.column;
  const written = Number(scan.expect(/\d+(\.\d+)?|\.\d+/, "a confidence such as 95%"));
  const confidence = scan.take(/%/) ? written / 100 : written;
  if (!(confidence >= 0.5 && confidence < 1))
    scan.fail(
      `has a confidence of ${confidence * 100} %`,
      "a confidence lies from 50% up to, not including, 100%; write @95%",
      column,
    );
  return confidence;
}

function readBy(scan: Scanner): string[] {
  const by: string[] = [];
  if (!scan.take(/by\b/)) return by;
  do {
    const column = scan.column;
    const name = readText(scan, word, "the name of a slice column (in double quotes when it has other characters)");
    if (by.includes(name)) scan.fail(`slices by ${name} twice`, "name each column once", column);
    by.push(name);
  } while (scan.take(/,/));
  return by;
}

function readMin(scan: Scanner): number | null {
  if (!scan.take(/\[/)) return null;
  scan.expect(/min\b/, '"min"');
  const min = Number(scan.expect(/[1-9]\d{0,14}(?![\w.])/, "a whole number of rows from 1"));
  scan.expect(/\]/, '"]"');
  return min;
}

function refuseRest(scan: Scanner): never {
  const column = scan.column;
  const rest = scan.take(/.+/)!;
  const joined = /^(&&?|\|\|?|and\b|or\b)/i.test(rest);
  const order = "after the comparison come, in this order: @confidence, by columns, [min rows]";
  return scan.fail(
    `goes on with "${rest}"`,
    joined ? "write two checks: a list passes when all of it passes" : order,
    column,
  );
}
