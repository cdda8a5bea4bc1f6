import { isObject, type JsonValue, readJson } from "../../../domain/json.ts";
import { WorldError } from "../../../domain/problem.ts";
import { shorten as line } from "../../../domain/shorten.ts";
import type { HttpAnswer } from "../../system/http.ts";

const shown = 300;

/** The beginning of a body on one line, for messages. */
export const shorten = (body: Buffer): string => line(body.subarray(0, 8 * shown).toString("utf8"), shown);

/** The JSON of a body; null when it is none. */
export function jsonOf(body: Buffer): JsonValue {
  try {
    return readJson(body.toString("utf8"));
  } catch {
    return null;
  }
}

/** The problem with what an endpoint answered. `speaks` names the protocol. */
export const wrongAnswer = (
  url: URL,
  speaks: string,
  message: string,
  options: { retryable?: boolean; retryAfter?: number | null; cause?: unknown } = {},
): WorldError =>
  new WorldError(
    {
      code: "endpoint.answer",
      message: `${url.pathname} ${message}`,
      hint: `Look at the server's log. The endpoint must speak ${speaks}.`,
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

/** Whether a body tells of an error. An output may have the name: then it is a list. */
const tellsError = (value: JsonValue): boolean =>
  isObject(value) && value["error"] !== undefined && value["error"] !== null && !Array.isArray(value["error"]);

/**
 * The JSON of a good answer. @param numberOf as {@link readJson} takes it.
 * @throws WorldError `endpoint.answer` for another status, no JSON, or an object with an error.
 */
export function readJsonAnswer(
  url: URL,
  speaks: string,
  answer: HttpAnswer,
  numberOf?: (written: string) => JsonValue,
): JsonValue {
  if (answer.status !== 200)
    throw wrongAnswer(url, speaks, `answered ${answer.status}: ${shorten(answer.body)}`, {
      retryable: passing.has(answer.status),
      retryAfter: retryAfter(answer),
    });
  try {
    const value = readJson(answer.body.toString("utf8"), numberOf);
    if (tellsError(value)) throw new SyntaxError(`the answer says error: ${shorten(answer.body)}`);
    return value;
  } catch (cause) {
    const why = (cause as Error).message;
    throw wrongAnswer(url, speaks, `answered 200 with a body that is not the protocol's: ${why}`, { cause });
  }
}
