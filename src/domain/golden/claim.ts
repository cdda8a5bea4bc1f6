import { isObject, type JsonValue } from "../json.ts";
import { type Values, valuesOf } from "../values.ts";

/** One thing that must hold of the answer to a golden request. */
export type Claim =
  | { kind: "outputs"; outputs: Readonly<Record<string, Values>> }
  /** Of the part of the answer that the path leads to. */
  | { kind: "values"; values: Values }
  | { kind: "label"; label: string }
  /** Each text of the answer holds all of these. */
  | { kind: "contains"; texts: readonly string[] }
  /** Each text of the answer matches. */
  | { kind: "regex"; pattern: RegExp }
  /** A JSON Schema: each text of the answer is JSON that satisfies it, or the values do. */
  | { kind: "schema"; schema: JsonValue };

function containsOf(value: JsonValue): Claim {
  const texts = Array.isArray(value) ? value : [value];
  if (texts.length === 0 || !texts.every((text) => typeof text === "string" && text !== ""))
    throw new RangeError('"contains" must be a text or a list of texts');
  return { kind: "contains", texts: texts as string[] };
}

function regexOf(value: JsonValue): Claim {
  if (typeof value !== "string") throw new RangeError('"regex" must be a text');
  try {
    return { kind: "regex", pattern: new RegExp(value, "u") };
  } catch (error) {
    throw new RangeError(`"regex" is no regular expression: ${(error as Error).message}`);
  }
}

function schemaOf(value: JsonValue): Claim {
  if (!isObject(value) || Object.keys(value).length === 0)
    throw new RangeError('"schema" must be a JSON Schema that asks for something');
  return { kind: "schema", schema: value };
}

const words: Readonly<Record<string, (value: JsonValue) => Claim>> = {
  contains: containsOf,
  regex: regexOf,
  schema: schemaOf,
  label(value) {
    if (typeof value !== "string") throw new RangeError('"label" must be a text');
    return { kind: "label", label: value };
  },
};

/** Whether an object makes claims in words. A `label` that is no text is an output of that name. */
const isWorded = (entries: readonly [string, JsonValue][]): boolean =>
  entries.every(([key, value]) => Object.hasOwn(words, key) && (key !== "label" || typeof value === "string"));

/**
 * What a golden line expects: claims in words (`label`, `contains`, `regex`, `schema`), all of which must hold, else values.
 * @param hasPath whether a path leads to a part of the answer: values are then that part's, without the outputs' names.
 * @throws RangeError
 */
export function claimsOf(value: JsonValue | undefined, hasPath: boolean): Claim[] {
  if (isObject(value)) {
    const entries = Object.entries(value);
    if (entries.length === 0) throw new RangeError('"expect" expects nothing');
    if (isWorded(entries)) return entries.map(([word, said]) => words[word]!(said));
  }
  if (hasPath && value !== undefined) return [{ kind: "values", values: valuesOf(value, "the expected part") }];
  if (!isObject(value))
    throw new RangeError(
      '"expect" must be outputs by name, or {"label": …}, {"contains": …}, {"regex": …}, {"schema": …}',
    );
  const outputs = Object.entries(value).map(([name, list]) => [name, valuesOf(list, `the expected ${name}`)] as const);
  return [{ kind: "outputs", outputs: Object.fromEntries(outputs) }];
}
