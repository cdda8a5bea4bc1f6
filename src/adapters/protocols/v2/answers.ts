import { isObject, type JsonValue, readJson, writeJson } from "../../../domain/json.ts";
import { WorldError } from "../../../domain/problem.ts";
import type { Tensors } from "../../../domain/tensor.ts";
import type { HttpAnswer } from "../../system/http.ts";
import { readTensors } from "./tensors.ts";

const shown = 300;

/** The beginning of a body on one line, for messages. */
export const shorten = (body: Buffer): string =>
  body
    .subarray(0, 2 * shown)
    .toString("utf8")
    .replaceAll(/\s+/g, " ")
    .trim()
    .slice(0, shown);

/** The problem with what an endpoint answered. */
export const wrongAnswer = (
  url: URL,
  message: string,
  options: { retryable?: boolean; retryAfter?: number | null; cause?: unknown } = {},
): WorldError =>
  new WorldError(
    {
      code: "endpoint.answer",
      message: `${url.pathname} ${message}`,
      hint: "Look at the server's log. The endpoint must speak the Open Inference Protocol v2.",
    },
    { side: `endpoint ${url.origin}`, during: "asking the model", retryable: false, ...options },
  );

/** Statuses after which the same request may succeed. */
const passing = new Set([429, 502, 503, 504]);

/** Milliseconds that a `Retry-After` header asks for (RFC 9110, 10.2.3: seconds or a date); null without one. */
function retryAfter({ headers }: HttpAnswer): number | null {
  const header = headers["retry-after"];
  if (header === undefined) return null;
  const wait = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - Date.now();
  return Number.isFinite(wait) ? Math.max(0, wait) : null;
}

/** The object that a good answer holds. @throws WorldError `endpoint.answer`. */
export function readBody(url: URL, answer: HttpAnswer): { [key: string]: JsonValue } {
  if (answer.status !== 200)
    throw wrongAnswer(url, `answered ${answer.status}: ${shorten(answer.body)}`, {
      retryable: passing.has(answer.status),
      retryAfter: retryAfter(answer),
    });
  try {
    const value = readJson(answer.body.toString("utf8"));
    if (!isObject(value)) throw new SyntaxError("the answer is not an object");
    if ("error" in value) throw new SyntaxError(`the answer says error: ${shorten(answer.body)}`);
    return value;
  } catch (cause) {
    throw wrongAnswer(url, `answered 200 with a body that is not the protocol's: ${(cause as Error).message}`, {
      cause,
    });
  }
}

/** The tensors of an inference. @param id the request's. @throws WorldError `endpoint.answer`. */
export function readOutputs(url: URL, answer: HttpAnswer, id: string): Tensors {
  const value = readBody(url, answer);
  if (value["id"] !== undefined && value["id"] !== id)
    throw wrongAnswer(
      url,
      `answered another request: the id is ${writeJson(value["id"]).slice(0, shown)}, and ${id} was asked`,
    );
  if (!Array.isArray(value["outputs"])) throw wrongAnswer(url, "answered without outputs");
  try {
    return readTensors(value["outputs"]);
  } catch (cause) {
    throw wrongAnswer(url, `answered with an unusable output: ${(cause as Error).message}`, { cause });
  }
}
