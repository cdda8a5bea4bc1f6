import { isObject, type JsonValue, readJson } from "../json.ts";
import type { Tensor, Tensors } from "../tensor.ts";
import { nested, valuesOf } from "../values.ts";

/** The part of an answer a golden request is about: a tensor or a piece of one, or what lies in JSON that a text output holds. */
export type Part = { name: string; tensor: Tensor } | { name: string; value: JsonValue };

/** The tokens of a JSON Pointer (RFC 6901). @throws RangeError */
export function pointerTokens(pointer: JsonValue): string[] {
  if (typeof pointer !== "string" || !pointer.startsWith("/") || /~(?![01])/.test(pointer))
    throw new RangeError('"path" must be a JSON Pointer that begins with the name of an output, such as /p/0');
  return pointer
    .slice(1)
    .split("/")
    .map((token) => token.replaceAll("~1", "/").replaceAll("~0", "~"));
}

const indexOf = (token: string, length: number, name: string): number => {
  const index = /^(0|[1-9]\d*)$/.test(token) ? Number(token) : -1;
  if (index < 0 || index >= length) throw new RangeError(`${name} has no ${token}: it has ${length} entries`);
  return index;
};

/** The slice of a tensor at one index of its first axis. */
function sliceAt({ dtype, shape, data }: Tensor, index: number): Tensor {
  const rest = shape.slice(1);
  const width = rest.reduce((product, side) => product * side, 1);
  return { dtype, shape: rest, data: data.slice(index * width, (index + 1) * width) };
}

/** JSON that a text holds. @param name names the text in messages. @throws RangeError */
export function jsonIn(text: string, name: string): JsonValue {
  try {
    return readJson(text);
  } catch (error) {
    throw new RangeError(`${name} is not JSON: ${(error as Error).message}`);
  }
}

function inside(value: JsonValue, tokens: readonly string[], name: string): JsonValue {
  const [token, ...rest] = tokens;
  if (token === undefined) return value;
  if (Array.isArray(value)) return inside(value[indexOf(token, value.length, name)]!, rest, `${name}/${token}`);
  if (!isObject(value) || !Object.hasOwn(value, token)) throw new RangeError(`${name} has no ${token}`);
  return inside(value[token]!, rest, `${name}/${token}`);
}

/**
 * Follows a path into an answer: the output's name, then an index per axis, then into the JSON that a text there holds.
 * @throws RangeError when nothing is there.
 */
export function partAt(outputs: Tensors, path: readonly string[]): Part {
  const [output = "", ...tokens] = path;
  const found = Object.hasOwn(outputs, output) ? outputs[output] : undefined;
  if (!found) throw new RangeError(`the answer has no output ${output}; it has ${Object.keys(outputs).join(", ")}`);
  let [name, tensor] = [output, found];
  for (const [at, token] of tokens.entries()) {
    if (tensor.shape.length > 0) {
      tensor = sliceAt(tensor, indexOf(token, tensor.shape[0]!, name));
      name = `${name}/${token}`;
      continue;
    }
    const [text] = tensor.data;
    if (typeof text !== "string") throw new RangeError(`${name} is one value, and the path goes on`);
    const rest = tokens.slice(at);
    return { name: [name, ...rest].join("/"), value: inside(jsonIn(text, name), rest, name) };
  }
  return { name, tensor };
}

/**
 * The only output of texts, which claims about text are about when no path is given.
 * @throws RangeError when there is none, or more.
 */
export function textPart(outputs: Tensors): Part {
  const texts = Object.entries(outputs).filter(([, { dtype }]) => dtype === "string");
  const [first] = texts;
  if (first && texts.length === 1) return { name: first[0], tensor: first[1] };
  throw new RangeError(
    first
      ? `the answer has ${texts.length} outputs of text (${texts.map(([name]) => name).join(", ")}): say which with "path"`
      : "the answer has no output of text",
  );
}

/** The texts of a part. @throws RangeError when it holds something else. */
export function textsOf(part: Part): string[] {
  const values = "tensor" in part ? part.tensor.data : [part.value].flat();
  if (values.length === 0 || !values.every((value) => typeof value === "string"))
    throw new RangeError(`${part.name} holds no text`);
  return values as string[];
}

/** What a JSON Schema is asked about: JSON in texts, each by itself, else the values as they are. @throws RangeError */
export function jsonOf(part: Part): { name: string; value: JsonValue }[] {
  if ("value" in part) return [part];
  if (part.tensor.dtype !== "string") return [{ name: part.name, value: nested(part.tensor) }];
  return textsOf(part).map((text, index, { length }) => {
    const name = length === 1 ? part.name : `text ${index} of ${part.name}`;
    return { name, value: jsonIn(text, name) };
  });
}

/** A part as a tensor. JSON says nothing of precision: numbers are exact while all of them are whole. @throws RangeError */
export function tensorOf(part: Part): Tensor {
  if ("tensor" in part) return part.tensor;
  const { shape, data } = valuesOf(part.value, part.name);
  const numbers = data.every((value) => typeof value === "number" || typeof value === "bigint");
  const whole = data.every((value) => typeof value === "bigint" || Number.isInteger(value));
  return { dtype: numbers ? (whole ? "int64" : "float64") : "string", shape, data };
}
