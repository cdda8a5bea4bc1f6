/** What the tolerant reader gives: JSON, with bigint for integers beyond 2^53. */
export type JsonValue = null | boolean | number | bigint | string | JsonValue[] | { [key: string]: JsonValue };

/** Whether a value is an object with keys. */
export const isObject = (value: JsonValue | undefined): value is { [key: string]: JsonValue } =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const depthLimit = 200;
/** A longer integer is beyond every type, and slow to read exactly. */
const exactDigits = 400;
const numeral = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const space = /[ \t\n\r]*/y;
const plain = /[^"\\\u0000-\u001f]*/y;
const bare: readonly [string, JsonValue][] = [
  ["true", true],
  ["false", false],
  ["null", null],
  ["NaN", Number.NaN],
  ["Infinity", Number.POSITIVE_INFINITY],
  ["-Infinity", Number.NEGATIVE_INFINITY],
];

/** A number as it is meant: integers beyond 2^53 exactly. */
function usualNumber(written: string): JsonValue {
  const read = Number(written);
  return Number.isSafeInteger(read) || written.length > exactDigits || /[.eE]/.test(written) ? read : BigInt(written);
}

/** A number as it is written: what has neither point nor exponent is an integer, and a bigint. */
export const writtenNumber = (written: string): JsonValue =>
  /[.eE]/.test(written) || written.length > exactDigits ? Number(written) : BigInt(written);

/**
 * Reads JSON as model servers and data files hold it: bare NaN and infinities (TF Serving and Python's json write them), integers beyond 2^53
 * exactly. Stricter than JSON.parse otherwise: a key that stands twice is refused.
 * @param numberOf what a number means, by how it is written.
 * @throws SyntaxError with the position.
 */
export function readJson(text: string, numberOf: (written: string) => JsonValue = usualNumber): JsonValue {
  let at = 0;

  const fail = (what: string): never => {
    throw new SyntaxError(`${what} at position ${at}`);
  };
  const match = (pattern: RegExp): string => {
    pattern.lastIndex = at;
    const [found = ""] = pattern.exec(text) ?? [];
    at += found.length;
    return found;
  };
  const take = (mark: string): boolean => {
    match(space);
    if (text[at] !== mark) return false;
    at++;
    return true;
  };

  function string(): string {
    const start = at - 1;
    for (;;) {
      match(plain);
      if (text[at] === '"') {
        at++;
        return JSON.parse(text.slice(start, at)) as string;
      }
      if (text[at] !== "\\") return fail("a string does not end");
      at += 2;
    }
  }

  function number(): JsonValue {
    const found = match(numeral);
    if (found === "") return fail("there is no value");
    return numberOf(found);
  }

  function list(depth: number): JsonValue[] {
    const items: JsonValue[] = [];
    if (take("]")) return items;
    do items.push(value(depth + 1));
    while (take(","));
    return take("]") ? items : fail("a list does not end");
  }

  function object(depth: number): { [key: string]: JsonValue } {
    const fields: { [key: string]: JsonValue } = Object.create(null) as { [key: string]: JsonValue };
    if (take("}")) return fields;
    do {
      if (!take('"')) return fail("a key is missing");
      const key = string();
      if (key in fields) return fail(`the key "${key.slice(0, 40)}" stands twice`);
      if (!take(":")) return fail("a colon is missing");
      fields[key] = value(depth + 1);
    } while (take(","));
    return take("}") ? fields : fail("an object does not end");
  }

  function value(depth: number): JsonValue {
    if (depth > depthLimit) return fail(`values are nested more than ${depthLimit} deep`);
    if (take("[")) return list(depth);
    if (take("{")) return object(depth);
    if (take('"')) return string();
    for (const [word, meaning] of bare)
      if (text.startsWith(word, at)) {
        at += word.length;
        return meaning;
      }
    return number();
  }

  const result = value(0);
  match(space);
  if (at < text.length) fail("there is more after the value");
  return result;
}

/** The JSON text of a value, as {@link readJson} reads it: integers beyond 2^53 exactly, NaN and infinities bare. */
export function writeJson(value: JsonValue): string {
  if (typeof value === "number" || typeof value === "bigint") return Object.is(value, -0) ? "-0" : String(value);
  if (Array.isArray(value)) return `[${value.map(writeJson).join(",")}]`;
  if (!isObject(value)) return JSON.stringify(value);
  const fields = Object.entries(value).map(([key, field]) => `${JSON.stringify(key)}:${writeJson(field)}`);
  return `{${fields.join(",")}}`;
}
