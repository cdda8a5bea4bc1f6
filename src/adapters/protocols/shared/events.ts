import { createParser } from "eventsource-parser";
import type { HttpAnswer } from "../../system/http.ts";
import { readJsonAnswer, shorten, wrongAnswer } from "./answers.ts";

/** An event of a stream, and when the piece that ended it was read, in ms on the monotonic clock. */
export interface ServerEvent {
  at: number;
  /** Its type, where it has one. */
  event: string | undefined;
  data: string;
}

/** Whether an answer is a stream of events. */
export const isStream = ({ status, headers }: HttpAnswer): boolean =>
  status === 200 && /^text\/event-stream\b/i.test(headers["content-type"] ?? "");

/**
 * The events of a streamed answer. https://html.spec.whatwg.org/multipage/server-sent-events.html
 * @throws WorldError `endpoint.answer` for another status, and for an answer that is no stream, or a compressed one.
 */
export function eventsOf(url: URL, speaks: string, answer: HttpAnswer): ServerEvent[] {
  if (answer.status !== 200) readJsonAnswer(url, speaks, answer);
  if (!isStream(answer))
    throw wrongAnswer(url, speaks, `answered without a stream of events, and one was asked: ${shorten(answer.body)}`);
  if ((answer.headers["content-encoding"] ?? "identity") !== "identity")
    throw wrongAnswer(url, speaks, "compressed its stream of events, so nobody knows when each of them came");
  const events: ServerEvent[] = [];
  let at = 0;
  const parser = createParser({ onEvent: ({ event, data }) => void events.push({ at, event, data }) });
  const decoder = new TextDecoder();
  let start = 0;
  for (const piece of answer.pieces) {
    ({ at } = piece);
    parser.feed(decoder.decode(answer.body.subarray(start, piece.end), { stream: true }));
    start = piece.end;
  }
  return events;
}
