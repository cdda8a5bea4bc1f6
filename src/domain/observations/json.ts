import type { Json } from "../canonical.ts";
import type { Answers, Truth } from "./observations.ts";

type Plain = { [key: string]: Json };

/** The fields of an object. @throws RangeError for anything else. */
export function fields(value: Json | undefined): Plain {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Plain;
  throw new RangeError("an object is missing");
}

function list(value: Json | undefined): Json[] {
  if (Array.isArray(value)) return value;
  throw new RangeError("a list is missing");
}

/** The numbers of a list. @throws RangeError for anything else. */
export function numbers(value: Json | undefined): number[] {
  const items = list(value);
  if (items.every((item) => typeof item === "number")) return items as number[];
  throw new RangeError("a list holds something else than numbers");
}

function texts(value: Json | undefined): string[] {
  const items = list(value);
  if (items.every((item) => typeof item === "string")) return items as string[];
  throw new RangeError("a list holds something else than texts");
}

const orNull = <T>(value: Json | undefined, read: (value: Json | undefined) => T): T | null =>
  value === null ? null : read(value);
const vector = (value: Json | undefined): Float64Array => Float64Array.from(numbers(value));
const vectors = (value: Json | undefined): Float64Array[] => list(value).map(vector);
const marks = (value: Json | undefined): Uint8Array[] => list(value).map((row) => Uint8Array.from(numbers(row)));

/** Typed arrays as lists, however deep. */
function plain(value: unknown): Json {
  if (ArrayBuffer.isView(value)) return Array.from(value as Float64Array);
  return Array.isArray(value) ? value.map(plain) : (value as Json);
}

/** Answers as JSON. */
export const answersToJson = (answers: Answers): Json =>
  Object.fromEntries(Object.entries(answers).map(([key, value]) => [key, plain(value)]));

/** The truth as JSON. */
export const truthToJson = (truth: Truth): Json => plain(truth instanceof Float64Array ? truth : [...truth]);

/** Reads answers back. @throws RangeError when they have not the shape. */
export function answersFromJson(found: Json | undefined): Answers {
  const value = fields(found);
  const task = value["task"] as Answers["task"];
  switch (task) {
    case "regression":
    case "ranking":
      return { task, values: vector(value["values"]) };
    case "binary":
      return { task, labels: Uint8Array.from(numbers(value["labels"])), scores: orNull(value["scores"], vector) };
    case "multiclass":
      return {
        task,
        labels: Int32Array.from(numbers(value["labels"])),
        probabilities: orNull(value["probabilities"], vectors),
      };
    case "multilabel":
      return { task, labels: marks(value["labels"]), scores: orNull(value["scores"], vectors) };
    case "generation":
      return { task, texts: texts(value["texts"]), logprobs: orNull(value["logprobs"], vectors) };
    case "embedding":
      return { task, vectors: vectors(value["vectors"]), partners: orNull(value["partners"], vectors) };
    default:
      throw new RangeError("the task is unknown");
  }
}

/** Reads a truth back, as the task has it. @throws RangeError when it has not the shape. */
export function truthFromJson(value: Json | undefined, task: Answers["task"]): Truth {
  const entries = list(value);
  const truth: Truth =
    task === "multilabel"
      ? marks(value)
      : task === "generation"
        ? entries.map(texts)
        : task === "embedding" && entries.some(Array.isArray)
          ? vectors(value)
          : vector(value);
  const odd = truth instanceof Float64Array && truth.some((label) => !Number.isFinite(label));
  if (odd) throw new RangeError("the truth is not finite");
  return truth;
}
