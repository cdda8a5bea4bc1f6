import { isObject, type JsonValue, writeJson } from "../../../domain/json.ts";

/** What stands at keys within keys; undefined: nothing. */
export function atPath(body: JsonValue | undefined, ...keys: readonly string[]): JsonValue | undefined {
  let at = body;
  for (const key of keys) at = isObject(at) && Object.hasOwn(at, key) ? at[key] : undefined;
  return at;
}

export const numberOrNull = (value: JsonValue | undefined): number | null => (typeof value === "number" ? value : null);

/** A value as a text: a text as it is. */
export const textOf = (value: JsonValue): string => (typeof value === "string" ? value : writeJson(value));

/** The image that all places name which name one. @throws RangeError when they name several. */
export function oneImage(places: readonly (JsonValue | undefined)[]): string | null {
  const images = [...new Set(places.flatMap((place) => (place == null ? [] : [textOf(place)])))];
  if (images.length > 1) throw new RangeError(`these results name several images: ${images.join(", ")}`);
  return images[0] ?? null;
}
