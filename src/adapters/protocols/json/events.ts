import { isObject, type JsonValue, readJson, writtenNumber } from "../../../domain/json.ts";
import type { Answer } from "../../../ports/protocol.ts";
import type { ServerEvent } from "../shared/events.ts";

/** The object that an event holds. @throws RangeError for no JSON object, and for an event that tells of an error. */
export function eventBody({ event, data }: ServerEvent): { [key: string]: JsonValue } {
  const shown = data.slice(0, 200);
  let body: JsonValue;
  try {
    body = readJson(data, writtenNumber);
  } catch (cause) {
    throw new RangeError(`an event of the stream is no JSON: ${shown}`, { cause });
  }
  if (!isObject(body)) throw new RangeError(`an event of the stream is no object: ${shown}`);
  if (event === "error" || (body["error"] ?? null) !== null) throw new RangeError(`the stream says error: ${shown}`);
  return body;
}

/** What is told of a stream: nothing when no content came in it. @param counted the server's own number of tokens. */
export function streamed(arrivals: readonly number[], counted: JsonValue | undefined): Pick<Answer, "stream"> {
  if (arrivals.length === 0) return {};
  const isCount = typeof counted === "bigint" && counted > 0n;
  return { stream: { arrivals, tokens: isCount ? Number(counted) : arrivals.length, counted: isCount } };
}
