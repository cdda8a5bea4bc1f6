import { type Claim, claimsOf } from "./golden/claim.ts";
import { pointerTokens } from "./golden/part.ts";
import { isObject, type JsonValue, readJson, writeJson } from "./json.ts";
import type { TensorSpec } from "./model.ts";
import { type Problem, UserError } from "./problem.ts";
import type { Tensors } from "./tensor.ts";
import { inputOf, nested } from "./values.ts";

/** A request whose answer is known. */
export interface Golden {
  id: string;
  inputs: Tensors;
  /** All of them must hold. */
  expect: readonly Claim[];
  /** Leads to the part of the answer the claims are about: an output's name, indices, keys; null: all of it. */
  path: readonly string[] | null;
  /** Null: the default of the output's precision. */
  rtol: number | null;
  atol: number | null;
  equalNan: boolean;
}

/** A request that must be refused. */
export interface BadRequest {
  id: string;
  /** Sent as it is; need not be JSON. */
  body: string;
  /** Statuses that are right. */
  status: readonly number[];
}

/** A line of a golden file. */
export type Example = Golden | BadRequest;

export const isBadRequest = (example: Example): example is BadRequest => "status" in example;

type Fields = { [key: string]: JsonValue };

const keys = {
  golden: ["id", "inputs", "expect", "path", "rtol", "atol", "equal_nan", "recorded"],
  bad: ["id", "request", "status"],
};

function onlyKeys(fields: Fields, known: readonly string[]): void {
  const unknown = Object.keys(fields).find((key) => !known.includes(key));
  if (unknown !== undefined) throw new RangeError(`the key "${unknown}" is unknown; known: ${known.join(", ")}`);
}

function toleranceOf(fields: Fields, key: "rtol" | "atol"): number | null {
  const value = fields[key];
  if (value === undefined) return null;
  if (typeof value !== "number" || !(value >= 0 && value < Number.POSITIVE_INFINITY))
    throw new RangeError(`"${key}" must be a number from 0`);
  return value;
}

function goldenOf(id: string, fields: Fields, specs: readonly TensorSpec[]): Golden {
  onlyKeys(fields, keys.golden);
  const inputs = fields["inputs"];
  if (!isObject(inputs)) throw new RangeError('"inputs" is missing');
  const extra = Object.keys(inputs).find((name) => !specs.some((spec) => spec.name === name));
  if (extra !== undefined)
    throw new RangeError(
      `the model has no input ${extra}; its inputs are ${specs.map((spec) => spec.name).join(", ")}`,
    );
  const equalNan = fields["equal_nan"] ?? false;
  if (typeof equalNan !== "boolean") throw new RangeError('"equal_nan" must be true or false');
  const path = fields["path"] === undefined ? null : pointerTokens(fields["path"]);
  return {
    id,
    inputs: Object.fromEntries(specs.map((spec) => [spec.name, inputOf(inputs[spec.name], spec)])),
    expect: claimsOf(fields["expect"], path !== null),
    path,
    rtol: toleranceOf(fields, "rtol"),
    atol: toleranceOf(fields, "atol"),
    equalNan,
  };
}

function badRequestOf(id: string, fields: Fields): BadRequest {
  onlyKeys(fields, keys.bad);
  const { request, status: given } = fields;
  if (request === undefined) throw new RangeError('"request", the body that must be refused, is missing');
  const status = Array.isArray(given) ? given : [given];
  if (!status.every((code) => typeof code === "number" && Number.isInteger(code) && code >= 400 && code < 600))
    throw new RangeError('"status" must be the HTTP statuses that are right, from 400 to 599');
  return {
    id,
    body: typeof request === "string" ? request : writeJson(request),
    status: status as number[],
  };
}

function exampleOf(line: string, specs: readonly TensorSpec[]): Example {
  const fields = readJson(line);
  if (!isObject(fields)) throw new RangeError("this line is not an object");
  const { id } = fields;
  if (typeof id !== "string" || id === "") throw new RangeError('"id" is missing');
  return "request" in fields || "status" in fields ? badRequestOf(id, fields) : goldenOf(id, fields, specs);
}

/**
 * Reads golden and bad requests, a JSON object per line. Bare NaN and integers beyond 2^53 are read as they stand.
 * @param specs the model's inputs, for dtype and shape.
 * @throws UserError `data.syntax` with every line that is wrong.
 */
export function readGoldens(text: string, file: string, specs: readonly TensorSpec[]): Example[] {
  const problems: Problem[] = [];
  const examples = new Map<string, Example>();
  for (const [index, line] of text
    .replace(/^\uFEFF/, "")
    .split("\n")
    .entries()) {
    if (line.trim() === "") continue;
    try {
      const example = exampleOf(line, specs);
      if (examples.has(example.id)) throw new RangeError(`the id "${example.id}" stands twice`);
      examples.set(example.id, example);
    } catch (error) {
      problems.push({
        code: "data.syntax",
        message: `${file}: ${error instanceof SyntaxError ? "this line is not JSON: " : ""}${(error as Error).message}`,
        hint: 'A golden request is {"id", "inputs", "expect"}, a bad one {"id", "request", "status"}; modelgate smoke --record writes golden ones.',
        at: { file, line: index + 1 },
      });
    }
  }
  if (problems.length > 0) throw new UserError(problems);
  return [...examples.values()];
}

const nestedOf = (tensors: Tensors): JsonValue =>
  Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, nested(tensor)]));

/** A golden request as a line of JSON, from what an endpoint answered. @param recorded the image that answered. */
export const recordGolden = (id: string, asked: Tensors, answered: Tensors, recorded: string): string =>
  writeJson({ id, inputs: nestedOf(asked), expect: nestedOf(answered), recorded });
