import type { Json } from "./canonical.ts";
import { isDigest } from "./digest.ts";
import { isRepository } from "./image.ts";

/** Throws a RangeError that names the place when a value has not the shape. */
export type Shape = (value: Json | undefined, at: string) => void;

const rule =
  (what: string, holds: (value: Json | undefined) => boolean): Shape =>
  (value, at) => {
    if (!holds(value)) throw new RangeError(`${at} is not ${what}`);
  };
export const text = rule("a text", (value) => typeof value === "string");
export const number = rule("a number", (value) => typeof value === "number");
export const truth = rule("true or false", (value) => typeof value === "boolean");
export const count = rule("a count", (value) => typeof value === "number" && Number.isSafeInteger(value) && value >= 0);
export const digest = rule("a sha256 digest", (value) => typeof value === "string" && isDigest(value));
export const repository = rule("a repository", (value) => typeof value === "string" && isRepository(value));
export const instant = rule(
  "a time in UTC",
  (value) => typeof value === "string" && /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(value) && !Number.isNaN(Date.parse(value)),
);
export const oneOf = (...words: readonly (string | number)[]): Shape =>
  rule(`one of ${words.map((word) => JSON.stringify(word)).join(", ")}`, (value) =>
    words.some((word) => word === value),
  );
export const orNull =
  (shape: Shape): Shape =>
  (value, at) => {
    if (value !== null) shape(value, at);
  };
export const optional =
  (shape: Shape): Shape =>
  (value, at) => {
    if (value !== undefined) shape(value, at);
  };
export const list =
  (shape: Shape): Shape =>
  (value, at) => {
    if (!Array.isArray(value)) throw new RangeError(`${at} is not a list`);
    for (const [index, item] of value.entries()) shape(item as Json, `${at}[${index}]`);
  };
export const object =
  (fields: Readonly<Record<string, Shape>>): Shape =>
  (value, at) => {
    if (typeof value !== "object" || value === null || Array.isArray(value))
      throw new RangeError(`${at} is not an object`);
    const stranger = Object.keys(value).find((key) => !Object.hasOwn(fields, key));
    if (stranger !== undefined) throw new RangeError(`${at} has an unknown key ${stranger}`);
    for (const [key, shape] of Object.entries(fields))
      shape((value as Record<string, Json | undefined>)[key], `${at}.${key}`);
  };
