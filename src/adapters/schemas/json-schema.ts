import { Ajv } from "ajv";
import { Ajv2020 } from "ajv/dist/2020.js";
import { isObject, type JsonValue, writeJson } from "../../domain/json.ts";
import { shorten } from "../../domain/shorten.ts";
import { bounded } from "../system/bounded.ts";

type Check = ReturnType<Ajv["compile"]>;

const options = { validateFormats: false, strictTypes: false, strictTuples: false, logger: false } as const;

const drafts: readonly [is: RegExp, make: () => Ajv][] = [
  [/draft-07/, () => new Ajv(options)],
  [/draft\/2020-12|^$/, () => new Ajv2020(options)],
];

/** A value as the checker knows it: integers beyond 2^53 lose their last digits. */
const plain = (value: JsonValue): unknown => {
  if (typeof value === "bigint") return Number(value);
  if (Array.isArray(value)) return value.map(plain);
  if (isObject(value)) return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item)]));
  return value;
};

function compile(schema: JsonValue): Check {
  const said = isObject(schema) ? (schema["$schema"] ?? "") : "";
  const draft = drafts.find(([is]) => typeof said === "string" && is.test(said));
  if (!draft) throw new RangeError(`the JSON Schema is of the unknown draft ${writeJson(said)}`);
  try {
    return draft[1]().compile(plain(schema) as object);
  } catch (error) {
    throw new RangeError(`the JSON Schema is unsound: ${shorten((error as Error).message, 300)}`, { cause: error });
  }
}

/** A pattern of a schema may go on for ever on a value that is not ours. */
const valueMilliseconds = 1000;

const compiled = new Map<string, Check>();

/**
 * What of a value a JSON Schema refuses, or null. Drafts 2020-12 (without `$schema`) and 07; unknown keywords are refused, since
 * a misspelled one would ask for nothing; formats are not checked. @throws RangeError when the schema is none.
 */
export function schemaFault(schema: JsonValue, value: JsonValue): string | null {
  const key = writeJson(schema);
  const check = compiled.get(key) ?? compile(schema);
  compiled.set(key, check);
  const taken = bounded(valueMilliseconds, () => check(plain(value)));
  if (taken === null) return `the value takes longer than ${valueMilliseconds / 1000} s to check`;
  if (taken) return null;
  const [first] = check.errors ?? [];
  return `${first?.instancePath || "the value"} ${first?.message ?? "is refused"}`;
}
