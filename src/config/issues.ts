import leven from "leven";
import type { z } from "zod";
import type { Problem } from "../domain/problem.ts";
import type { Positions } from "./positions.ts";

const nearest = (word: string, known: readonly string[]): string | null => {
  const [best] = known
    .map((name) => ({ name, edits: leven(word.toLowerCase(), name) }))
    .sort((a, b) => a.edits - b.edits);
  return best && best.edits <= Math.max(2, best.name.length / 3) ? best.name : null;
};

/** The keys a path may have, read off the schema. */
export type KnownKeys = (path: readonly PropertyKey[]) => readonly string[];

const keyOf = (path: readonly PropertyKey[]): string =>
  path
    .map((part, index) => (typeof part === "number" ? `[${part}]` : `${index > 0 ? "." : ""}${String(part)}`))
    .join("");

interface Place {
  file: string;
  positions: Positions;
  known: KnownKeys;
}

function unknownKeys(issue: z.core.$ZodIssueUnrecognizedKeys, { file, positions, known }: Place): Problem[] {
  const allowed = known(issue.path);
  return issue.keys.map((key) => {
    const path = [...issue.path, key];
    const near = nearest(key, allowed);
    return {
      code: "config.unknown-key",
      message: `${keyOf(path)} is no key of ${issue.path.length > 0 ? keyOf(issue.path) : "modelgate.yml"}`,
      hint: `${near ? `Did you mean "${near}"? ` : ""}Allowed: ${allowed.join(", ")}.`,
      at: { file, ...positions.key(path), key: keyOf(path) },
    };
  });
}

const wordFor: Record<string, string> = {
  string: "a text",
  number: "a number",
  int: "a whole number",
  object: "keys and values",
  record: "keys and values",
  array: "a list",
  boolean: "true or false",
};

function ofType(issue: z.core.$ZodIssueInvalidType, place: Place): Problem {
  const { file, positions, known } = place;
  const key = keyOf(issue.path);
  const expected = wordFor[issue.expected] ?? issue.expected;
  if (issue.input === undefined || (issue.input === null && issue.path.length === 0)) {
    const keys = known(issue.path);
    return {
      code: "config.missing",
      message: `${key || "the whole configuration"} is missing`,
      hint: `Add ${key || "model, environments, …"}: ${expected}${keys.length > 0 ? ` (${keys.join(", ")})` : ""}.`,
      at: { file, ...positions.key(issue.path), key },
    };
  }
  const found =
    issue.input === null
      ? "nothing"
      : Array.isArray(issue.input)
        ? "a list"
        : typeof issue.input === "object"
          ? "keys and values"
          : JSON.stringify(issue.input);
  return {
    code: "config.type",
    message: `${key} has ${found} where ${expected} belongs`,
    hint: `Write ${expected}.`,
    at: { file, ...positions.value(issue.path), key },
  };
}

function ofValue(issue: z.core.$ZodIssue, { file, positions, known }: Place): Problem {
  const key = keyOf(issue.path);
  const at = { file, ...positions.value(issue.path), key };
  if (issue.code === "invalid_value") {
    const allowed = issue.values.map(String);
    const near = typeof issue.input === "string" ? nearest(issue.input, allowed) : null;
    return {
      code: "config.value",
      message: `${key} is ${JSON.stringify(issue.input)}, which is not one of its values`,
      hint: `${near ? `Did you mean "${near}"? ` : ""}Allowed: ${allowed.join(", ")}.`,
      at,
    };
  }
  if (issue.code === "too_small" || issue.code === "too_big") {
    const limit = issue.code === "too_small" ? `at least ${issue.minimum}` : `at most ${issue.maximum}`;
    return {
      code: "config.value",
      message: `${key} is ${JSON.stringify(issue.input)}, outside its range`,
      hint: issue.message.startsWith("Too") ? `Allowed: ${limit}.` : `${issue.message}.`,
      at,
    };
  }
  const keys = known(issue.path);
  return {
    code: "config.value",
    message: `${key}: ${issue.message}`,
    hint: keys.length > 0 ? `Allowed: ${keys.join(", ")}.` : "See docs/reference/config.md for what may stand here.",
    at,
  };
}

/** The problems of one zod issue, at their places. A union's issues are those of the form that was meant. */
export function problemsOf(issue: z.core.$ZodIssue, place: Place): Problem[] {
  switch (issue.code) {
    case "unrecognized_keys":
      return unknownKeys(issue, place);
    case "invalid_type":
      return [ofType(issue, place)];
    case "invalid_union": {
      if ("note" in issue && issue.note === "No matching discriminator") return [discriminator(issue, place)];
      const input = issue.input;
      const isObject = typeof input === "object" && input !== null && !Array.isArray(input);
      const meant =
        issue.errors.find(
          (form) =>
            !form.some(
              (inner) =>
                inner.code === "invalid_type" && inner.path.length === 0 && (inner.expected === "object") !== isObject,
            ),
        ) ??
        issue.errors[0] ??
        [];
      return meant.flatMap((inner) =>
        problemsOf({ ...inner, path: [...issue.path, ...inner.path] } as z.core.$ZodIssue, place),
      );
    }
    case "invalid_key":
      return [
        {
          code: "config.value",
          message: `${keyOf(issue.path)} is no usable name`,
          hint: `${issue.issues[0]?.message ?? "Use another name"}.`,
          at: { file: place.file, ...place.positions.key(issue.path), key: keyOf(issue.path) },
        },
      ];
    default:
      return [ofValue(issue, place)];
  }
}

function discriminator(issue: z.core.$ZodIssueInvalidUnion, { file, positions, known }: Place): Problem {
  const path = [...issue.path];
  const input = (issue.input ?? {}) as Record<string, unknown>;
  const key = String(("discriminator" in issue && issue.discriminator) || "platform");
  const said = input[key];
  const allowed = known([...path.slice(0, path.at(-1) === key ? -1 : undefined), key]);
  const full = path.at(-1) === key ? path : [...path, key];
  if (said === undefined)
    return {
      code: "config.missing",
      message: `${keyOf(full)} is missing`,
      hint: `Add it: ${allowed.join(", ")}.`,
      at: { file, ...positions.key(issue.path), key: keyOf(full) },
    };
  const near = typeof said === "string" ? nearest(said, allowed) : null;
  return {
    code: "config.value",
    message: `${keyOf(full)} is ${JSON.stringify(said)}, which is not one of its values`,
    hint: `${near ? `Did you mean "${near}"? ` : ""}Allowed: ${allowed.join(", ")}.`,
    at: { file, ...positions.value(full), key: keyOf(full) },
  };
}
