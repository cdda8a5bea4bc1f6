import { type JsonValue, writtenNumber } from "../../../domain/json.ts";
import type { Endpoint } from "../../../domain/release.ts";
import type { Tensors } from "../../../domain/tensor.ts";
import type { Access } from "../../../ports/protocol.ts";
import type { HttpAnswer } from "../../system/http.ts";
import { readJsonAnswer, wrongAnswer } from "../shared/answers.ts";

/** A protocol that posts a JSON body to one address and gets a JSON body back. */
export interface JsonForm {
  kind: string;
  /** Its name in messages. */
  speaks: string;
  /** Paths that tell readiness; the first that exists is asked. */
  ready(model: string): readonly string[];
  /** Whether the body of a 200 says that the model is ready; without it the status does. */
  isReady?(body: JsonValue, model: string): boolean;
  /** Where an inference of these inputs is sent. */
  infer(model: string, inputs: Tensors): string;
  /** @throws RangeError for inputs that the protocol cannot carry. */
  write(inputs: Tensors, model: string): JsonValue;
  /** Integers of the body are bigints. @throws RangeError for a body that is not the protocol's. */
  read(body: JsonValue): Tensors;
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
  access: Access;
}

/** The outputs of an answer. @throws WorldError `endpoint.answer` */
export function outputsOf(form: JsonForm, url: URL, rows: number | null, answer: HttpAnswer): Tensors {
  const body = readJsonAnswer(url, form.speaks, answer, writtenNumber);
  try {
    const outputs = form.read(body);
    const short = Object.entries(outputs).find(([, { shape }]) => rows !== null && shape[0] !== rows);
    if (short) throw new RangeError(`${short[0]} has ${short[1].shape[0]} rows, and ${rows} were asked`);
    return outputs;
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw wrongAnswer(url, form.speaks, `answered with an unusable prediction: ${cause.message}`, { cause });
  }
}
