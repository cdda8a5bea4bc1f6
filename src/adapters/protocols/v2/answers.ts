import { isObject, type JsonValue, writeJson } from "../../../domain/json.ts";
import type { WorldError } from "../../../domain/problem.ts";
import { shorten } from "../../../domain/shorten.ts";
import type { Tensors } from "../../../domain/tensor.ts";
import type { HttpAnswer } from "../../system/http.ts";
import { readJsonAnswer, wrongAnswer as wrong } from "../shared/answers.ts";
import { jsonLength } from "./binary.ts";
import { readTensors } from "./tensors.ts";

export const speaks = "the Open Inference Protocol v2";

/** The problem with what an endpoint answered. */
export const wrongAnswer = (url: URL, message: string, options: { cause?: unknown } = {}): WorldError =>
  wrong(url, speaks, message, options);

/** The JSON of an answer, and the bytes of tensors behind it. @throws WorldError `endpoint.answer` for a length that is none. */
function parted(url: URL, answer: HttpAnswer): { head: HttpAnswer; raw: Buffer } {
  const header = answer.headers[jsonLength];
  const length = header === undefined ? answer.body.length : Number(header);
  if (!Number.isSafeInteger(length) || length < 0 || length > answer.body.length)
    throw wrongAnswer(url, `answered with ${answer.body.length} bytes, of which ${String(header)} are said to be JSON`);
  return { head: { ...answer, body: answer.body.subarray(0, length) }, raw: answer.body.subarray(length) };
}

/** The object that a good answer holds. @throws WorldError `endpoint.answer`. */
export function readBody(url: URL, answer: HttpAnswer): { [key: string]: JsonValue } {
  const value = readJsonAnswer(url, speaks, answer);
  if (isObject(value)) return value;
  throw wrongAnswer(url, "answered 200 with a body that is not the protocol's: the answer is not an object");
}

/** The tensors of an inference. @param id the request's. @throws WorldError `endpoint.answer`. */
export function readOutputs(url: URL, answer: HttpAnswer, id: string): Tensors {
  const { head, raw } = parted(url, answer);
  const value = readBody(url, head);
  if (value["id"] !== undefined && value["id"] !== id)
    throw wrongAnswer(
      url,
      `answered another request: the id is ${shorten(writeJson(value["id"]), 300)}, and ${id} was asked`,
    );
  if (!Array.isArray(value["outputs"])) throw wrongAnswer(url, "answered without outputs");
  try {
    return readTensors(value["outputs"], raw);
  } catch (cause) {
    throw wrongAnswer(url, `answered with an unusable output: ${(cause as Error).message}`, { cause });
  }
}
