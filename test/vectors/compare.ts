import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** From the input of a case to what the shipped code gets. */
export type Runner = (input: never) => unknown;

/** A number passes when |got - want| <= abs + rel |want|. */
interface Allowed {
  abs: number;
  rel: number;
}

interface VectorFile {
  tol: Allowed;
  /** Only the runner of the file knows what an input holds. */
  cases: readonly { id: string; input: never; expected: unknown }[];
}

/** One value that differs; `path` leads to it inside the expected output. */
export interface Difference {
  case: string;
  path: string;
  got: unknown;
  want: unknown;
}

const special = new Map<unknown, number>([
  ["NaN", Number.NaN],
  ["Infinity", Number.POSITIVE_INFINITY],
  ["-Infinity", Number.NEGATIVE_INFINITY],
]);

function sameNumber(got: number, want: number, { abs, rel }: Allowed): boolean {
  if (Object.is(got, want) || got === want) return true;
  if (Number.isInteger(got) && Number.isInteger(want)) return false;
  return Number.isFinite(got) && Math.abs(got - want) <= abs + rel * Math.abs(want);
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null;

/**
 * What differs from the expected output, by the rule of INDEX.json. Only what is expected is asked for: further keys of
 * an object may be there. NaN and infinities are written as strings.
 */
export function differences(got: unknown, want: unknown, tol: Allowed, path = ""): Omit<Difference, "case">[] {
  const number = typeof got === "number" ? (special.get(want) ?? want) : want;
  if (typeof got === "number" && typeof number === "number")
    return sameNumber(got, number, tol) ? [] : [{ path, got, want }];
  if (!isObject(want) || !isObject(got) || Array.isArray(want) !== Array.isArray(got))
    return got === want ? [] : [{ path, got, want }];
  const length =
    Array.isArray(want) && got.length !== want.length
      ? [{ path: `${path}.length`, got: got.length, want: want.length }]
      : [];
  return [
    ...length,
    ...Object.entries(want).flatMap(([key, value]) => differences(got[key], value, tol, `${path}.${key}`)),
  ];
}

/** Runs every case of a file. A runner that throws differs in the whole case. */
function check({ tol, cases }: VectorFile, runner: Runner): Difference[] {
  return cases.flatMap(({ id, input, expected }) => {
    let found: Omit<Difference, "case">[];
    try {
      found = differences(runner(input), expected, tol);
    } catch (error) {
      found = [{ path: "", got: String(error), want: expected }];
    }
    return found.map((difference) => ({ case: id, ...difference }));
  });
}

/** One vector file of a folder. `differences` is null where no runner is known. */
export interface Checked {
  file: string;
  cases: number;
  differences: Difference[] | null;
}

/** Runs the vector files of a folder (all but INDEX.json) through the runners, in alphabetical order. */
export function checkFolder(folder: string, runners: Readonly<Record<string, Runner>>): Checked[] {
  const files = readdirSync(folder).filter((name) => name.endsWith(".json") && name !== "INDEX.json");
  return files.toSorted().map((name) => {
    const vectors: VectorFile = JSON.parse(readFileSync(join(folder, name), "utf8"));
    const file = name.replace(/\.json$/, "");
    const runner = Object.hasOwn(runners, file) ? runners[file]! : null;
    return { file, cases: vectors.cases.length, differences: runner && check(vectors, runner) };
  });
}
