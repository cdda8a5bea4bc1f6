import leven from "leven";
import type { z } from "zod";
import type { Problem } from "../domain/problem.ts";
import { type Allowed, keyOf } from "./allowed.ts";
import type { Position, Positions } from "./positions.ts";

/** What problems are made with. */
export interface Place {
  file: string;
  positions: Positions;
  allowedAt: (path: readonly PropertyKey[], value?: unknown) => Allowed;
}

type Path = readonly PropertyKey[];

const longest = 60;

const nearest = (word: string, known: readonly string[]): string | null => {
  const written = word.toLowerCase().slice(0, longest);
  const [best] = known
    .map((name) => ({ name, edits: leven(written, name.toLowerCase()) }))
    .toSorted((a, b) => a.edits - b.edits);
  const shorter = Math.min(written.length, best?.name.length ?? 0);
  return best && best.edits <= Math.max(2, best.name.length / 3) && best.edits < Math.max(1, shorter)
    ? best.name
    : null;
};

const didYouMean = (word: unknown, known: readonly string[]): string => {
  const near = typeof word === "string" ? nearest(word, known) : null;
  return near === null ? "" : `Did you mean "${near}"? `;
};

/** A value as a problem shows it, shortened. */
function shown(value: unknown): string {
  if (Array.isArray(value)) return value.length === 1 ? "a list of 1" : `a list of ${value.length}`;
  if (typeof value === "object") return "keys and values";
  if (Number.isNaN(value)) return ".nan";
  const text = typeof value === "string" ? JSON.stringify(value) : `${value as number | boolean | bigint}`;
  return text.length > longest ? `${text.slice(0, longest)}…` : text;
}

const subject = (path: Path): string => keyOf(path) || "the configuration";

const problem = (
  code: Problem["code"],
  { path, at, file }: { path: Path; at: Position; file: string },
  message: string,
  hint: string,
): Problem => ({
  code,
  message,
  hint,
  at: { file, ...at, ...(path.length > 0 && { key: keyOf(path) }) },
});

function unknownKeys(issue: z.core.$ZodIssueUnrecognizedKeys, { file, positions, allowedAt }: Place): Problem[] {
  const { keys } = allowedAt(issue.path, issue.input);
  return issue.keys.map((key) => {
    const path = [...issue.path, key];
    const owner = issue.path.length > 0 ? keyOf(issue.path) : "modelgate.yml";
    const hint = `${didYouMean(key, keys)}Allowed: ${keys.join(", ")}.`;
    return problem(
      "config.unknown-key",
      { path, at: positions.key(path), file },
      `${keyOf(path)} is no key of ${owner}`,
      hint,
    );
  });
}

/** Something that is needed and not there: placed at what it should be in. */
function missing(path: Path, { file, positions, allowedAt }: Place): Problem {
  const { phrase } = allowedAt(path);
  const message = path.length > 0 ? `${keyOf(path)} is missing` : "the configuration is empty";
  const hint = path.length > 0 ? `Add ${keyOf(path)}: ${phrase}.` : `Write ${phrase}.`;
  return problem("config.missing", { path, at: positions.key(path), file }, message, hint);
}

/** A number with the unit that was left out, or with the unit that was meant. */
function withUnit(input: unknown, { units, examples }: Allowed): string {
  const [, count, unit] = /^\s*(\d+(?:\.\d+)?)\s*(.*?)\s*$/.exec(String(input)) ?? [];
  const [, space, usual] = /^[\d.]+(\s*)(.*)$/.exec(examples[0] ?? "") ?? [];
  if (count === undefined || unit === undefined || space === undefined || usual === undefined) return "";
  const begins = units.filter((known) => unit.toLowerCase().startsWith(known)).toSorted((a, b) => b.length - a.length);
  const meant = unit === "" ? usual : (begins[0] ?? nearest(unit, units));
  return meant === null ? "" : `Did you mean "${count}${space}${meant}"? `;
}

function ofType(issue: z.core.$ZodIssueInvalidType, place: Place): Problem {
  const { path, input } = issue;
  if (input === undefined || (input === null && path.length === 0)) return missing(path, place);
  const { file, positions, allowedAt } = place;
  const allowed = allowedAt(path);
  const where = { path, at: positions.value(path), file };
  const hint = `Write ${allowed.phrase}.`;
  if (input === null) return problem("config.type", where, `${keyOf(path)} has no value`, hint);
  if (allowed.units.length > 0 && typeof input === "number")
    return problem(
      "config.value",
      where,
      `${keyOf(path)} is ${input}, without a unit`,
      withUnit(input, allowed) + hint,
    );
  const bare = issue.expected === "string" && allowed.keys.length === 0 && typeof input !== "object";
  const quoted = bare ? ` Put it in quotes when it is meant as a text: "${shown(input)}".` : "";
  return problem("config.type", where, `${subject(path)} cannot be ${shown(input)}`, hint + quoted);
}

/** What is wrong with a value of the right type, and what may stand there. */
function ofValue(issue: z.core.$ZodIssue, place: Place): Problem {
  const { path, input } = issue;
  if (input === undefined) return missing(path, place);
  const { file, positions, allowedAt } = place;
  const allowed = allowedAt(path);
  const where = { path, at: positions.value(path), file };
  const say = (what: string, hint = `Write ${allowed.phrase}.`): Problem =>
    problem("config.value", where, `${keyOf(path)} ${what}`, hint);
  if (input === null) return say("has no value");
  if (input === "") return say("is empty");
  switch (issue.code) {
    case "invalid_value":
      return say(
        `cannot be ${shown(input)}`,
        `${didYouMean(input, allowed.values)}Allowed: ${allowed.values.join(", ")}.`,
      );
    case "too_small":
    case "too_big": {
      const limit = issue.code === "too_small" ? `at least ${issue.minimum}` : `at most ${issue.maximum}`;
      return say(`cannot be ${shown(input)}`, `Write ${allowed.phrase}${Array.isArray(input) ? `: ${limit}` : ""}.`);
    }
    case "custom": {
      // A domain parser's own words: what is wrong; what to write.
      const [what = "", ...how] = issue.message.split("; write ");
      if (how.length > 0) return say(`cannot be read: ${what}`, `Write ${how.join("; write ")}.`);
      return say(`${what}${typeof input === "string" ? `: ${shown(input)}` : ""}`);
    }
    default: {
      // A platform's options have their own words where the form alone says too little.
      const own = issue.message.startsWith("Invalid") ? null : issue.message;
      const hint = own === null ? `Write ${allowed.phrase}.` : `${own.slice(0, 1).toUpperCase()}${own.slice(1)}.`;
      return say(`cannot be ${shown(input)}`, `${allowed.units.length > 0 ? withUnit(input, allowed) : ""}${hint}`);
    }
  }
}

/** A choice of forms by one key, such as an environment's platform. */
function ofChoice(issue: z.core.$ZodIssueInvalidUnion, key: string, place: Place): Problem {
  const path = issue.path.at(-1) === key ? issue.path : [...issue.path, key];
  const input = issue.input;
  const said: unknown = typeof input === "object" && input !== null ? (input as Record<string, unknown>)[key] : input;
  if (said === undefined)
    return { ...missing(path, place), hint: `Add ${keyOf(path)}: ${place.allowedAt(path).values.join(" or ")}.` };
  return ofValue({ code: "invalid_value", path, input: said, values: [], message: "" }, place);
}

const isKeyed = (value: unknown): boolean => typeof value === "object" && value !== null && !Array.isArray(value);

/** Keys that a form does not know or misses: the fewer, the likelier it was meant. */
const strangers = (form: readonly z.core.$ZodIssue[]): number =>
  form.reduce((sum, issue) => sum + (issue.code === "unrecognized_keys" ? issue.keys.length : 0), 0);

/** Of a union the problems of the form that was meant: keys and values, or a single value. */
function ofUnion(issue: z.core.$ZodIssueInvalidUnion, place: Place): Problem[] {
  if ("discriminator" in issue && typeof issue.discriminator === "string")
    return [ofChoice(issue, issue.discriminator, place)];
  const isWrongForm = ({ code, path, ...rest }: z.core.$ZodIssue): boolean =>
    code === "invalid_type" &&
    path.length === 0 &&
    "expected" in rest &&
    (rest.expected === "object") !== isKeyed(issue.input);
  const rightForms = issue.errors.filter((form) => !form.some(isWrongForm));
  const [meant = []] = (rightForms.length > 0 ? rightForms : issue.errors).toSorted(
    (a, b) => strangers(a) - strangers(b),
  );
  return meant.flatMap((inner) => problemsOf({ ...inner, path: [...issue.path, ...inner.path] }, place));
}

/** The problems of one zod issue, each at its place, with what is allowed there and a suggestion. */
export function problemsOf(issue: z.core.$ZodIssue, place: Place): Problem[] {
  switch (issue.code) {
    case "unrecognized_keys":
      return unknownKeys(issue, place);
    case "invalid_type":
      return [ofType(issue, place)];
    case "invalid_union":
      return ofUnion(issue, place);
    case "invalid_key": {
      const { file, positions, allowedAt } = place;
      const name = String(issue.path.at(-1));
      const hint = `Names are ${allowedAt(issue.path.slice(0, -1)).names}${name === name.toLowerCase() ? "" : `, such as ${name.toLowerCase()}`}.`;
      return [
        problem(
          "config.value",
          { path: issue.path, at: positions.key(issue.path), file },
          `${keyOf(issue.path)} is no usable name`,
          hint,
        ),
      ];
    }
    default:
      return [ofValue(issue, place)];
  }
}
