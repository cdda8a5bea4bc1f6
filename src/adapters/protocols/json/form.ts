import { type JsonValue, writtenNumber } from "../../../domain/json.ts";
import type { Endpoint } from "../../../domain/release.ts";
import type { Tensors } from "../../../domain/tensor.ts";
import type { Answer, Protocol, RequestOptions } from "../../../ports/protocol.ts";
import type { HttpAnswer } from "../../system/http.ts";
import { readJsonAnswer, wrongAnswer } from "../shared/answers.ts";
import { eventsOf, isStream, type ServerEvent } from "../shared/events.ts";

/** A protocol that posts a JSON body to one address and gets a JSON body back. */
export interface JsonForm {
  kind: string;
  /** Its name in messages. */
  speaks: string;
  /** What of a dialect it heeds. */
  takes?: Protocol["takes"];
  needs?: Protocol["needs"];
  /** Paths that tell readiness, where they are not always the same; the first that exists is asked. */
  ready?(options: RequestOptions): readonly string[];
  /** Whether the body of a 200 says that the model is ready; without it the status does. */
  isReady?(body: JsonValue, model: string): boolean;
  /** Where an inference of these inputs is sent. */
  infer(model: string, inputs: Tensors, options: RequestOptions): string;
  /** @throws RangeError for inputs that the protocol cannot carry. */
  write(inputs: Tensors, model: string, options: RequestOptions): JsonValue;
  /** Integers of the body are bigints. @throws RangeError for a body that is not the protocol's. */
  read(body: JsonValue, options: RequestOptions): Tensors;
  /** Whether a stream of events was asked for. */
  streams?(inputs: Tensors, options: RequestOptions): boolean;
  /** @throws RangeError for events that are not the protocol's, or not all of them. */
  readEvents?(events: readonly ServerEvent[]): Pick<Answer, "outputs" | "stream">;
  /** How many rows the outputs must have; null: the protocol does not say. */
  rows(inputs: Tensors): number | null;
  /** Whether the address or the body names the model: then another name must not be found. */
  namesModel: boolean;
  /** Inputs that a request has a place for; others are fields that may be left out. Without it all are needed. */
  own?: readonly string[];
}

/** Whom is asked, and with what. */
export interface Asked {
  endpoint: Endpoint;
  model: string;
  options: RequestOptions;
}

/**
 * The outputs of an answer, which may have come as a stream of events.
 * @param inputs what was asked @throws WorldError `endpoint.answer`
 */
export function answerOf(
  form: JsonForm,
  url: URL,
  { inputs, options }: { inputs: Tensors; options: RequestOptions },
  answer: HttpAnswer,
): Pick<Answer, "outputs" | "stream"> {
  const rows = form.rows(inputs);
  const readEvents = form.streams?.(inputs, options) || isStream(answer) ? form.readEvents : undefined;
  const events = readEvents && eventsOf(url, form.speaks, answer);
  const body = events ? null : readJsonAnswer(url, form.speaks, answer, writtenNumber);
  try {
    const read = events ? readEvents(events) : { outputs: form.read(body, options) };
    const short = Object.entries(read.outputs).find(([, { shape }]) => rows !== null && shape[0] !== rows);
    if (short) throw new RangeError(`${short[0]} has ${short[1].shape[0]} rows, and ${rows} were asked`);
    return read;
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw wrongAnswer(url, form.speaks, `answered with an unusable prediction: ${cause.message}`, { cause });
  }
}
