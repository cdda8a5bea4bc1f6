import { isObject, type JsonValue } from "../../../domain/json.ts";

/** The value at a JSON pointer (RFC 6901). @throws RangeError when there is none. */
export function valueAt(value: JsonValue, pointer: string): JsonValue {
  let found: JsonValue | undefined = value;
  for (const token of pointer.split("/").slice(1)) {
    const key = token.replaceAll("~1", "/").replaceAll("~0", "~");
    if (Array.isArray(found)) found = /^(0|[1-9]\d*)$/.test(key) ? found[Number(key)] : undefined;
    else found = isObject(found) && Object.hasOwn(found, key) ? found[key] : undefined;
  }
  if (found === undefined) throw new RangeError(`it has nothing at ${pointer}`);
  return found;
}
