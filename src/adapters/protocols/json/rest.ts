import { type JsonValue, readJson, writeJson, writtenNumber } from "../../../domain/json.ts";
import type { Endpoint } from "../../../domain/release.ts";
import type { Tensors } from "../../../domain/tensor.ts";
import type { Access, Fault, Protocol, Readiness } from "../../../ports/protocol.ts";
import { type HttpAnswer, type HttpRequest, httpSend } from "../../system/http.ts";
import { fault } from "../shared/fault.ts";
import { readJsonAnswer, shorten, wrongAnswer } from "./answers.ts";

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
}

const jsonType = { "content-type": "application/json" };
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** An address below the endpoint's, whose own path is kept. */
const below = ({ url }: Endpoint, path: string): URL => new URL(`${url.replace(/\/+$/, "")}${path}`);

/** The JSON of a body; null when it is none. */
function jsonOf(body: Buffer): JsonValue {
  try {
    return readJson(body.toString("utf8"));
  } catch {
    return null;
  }
}

/** Whom is asked, and with what. */
interface Asked {
  endpoint: Endpoint;
  model: string;
  access: Access;
}

async function askReady(form: JsonForm, { endpoint, model, access }: Asked, signal: AbortSignal): Promise<Readiness> {
  let told: Readiness = { ready: false, detail: "nothing tells whether the model is ready" };
  for (const path of form.ready(model)) {
    const url = below(endpoint, path);
    const { status, body } = await httpSend({ method: "GET", url, headers: access }, signal);
    const ready = status === 200 && (form.isReady?.(jsonOf(body), model) ?? true);
    told = { ready, detail: `${url.pathname} answered ${status} ${shorten(body)}`.trim() };
    if (status !== 404) break;
  }
  return told;
}

/** The outputs of an answer. @throws WorldError `endpoint.answer` */
function outputsOf(form: JsonForm, url: URL, rows: number | null, answer: HttpAnswer): Tensors {
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

/** The negative table of the gate specification (4.5), made from one good request. */
function faultsOf(form: JsonForm, { endpoint, model, access }: Asked, good: Tensors): Fault[] {
  const headers = { ...jsonType, ...access };
  const post: HttpRequest = { method: "POST", url: below(endpoint, form.infer(model, good)), headers };
  const sound = writeJson(form.write(good, model));
  const objects = Object.fromEntries(
    Object.entries(good).map(([name, tensor]) => [
      name,
      { ...tensor, dtype: "string" as const, data: tensor.data.map(() => "\u0000not a value") },
    ]),
  );
  const numbers = Object.values(good).every(({ dtype }) => dtype !== "string");
  const stranger = "modelgate-no-such-model";
  return [
    fault("malformed JSON", [400, 422], { ...post, body: bytes(sound.slice(0, -2)) }),
    fault("empty object", [400, 422], { ...post, body: bytes("{}") }),
    ...(numbers
      ? [fault("wrong type", [400, 422], { ...post, body: bytes(writeJson(form.write(objects, model))) })]
      : []),
    ...(form.namesModel
      ? [
          fault("unknown model", [404], {
            ...{ ...post, url: below(endpoint, form.infer(stranger, good)) },
            body: bytes(writeJson(form.write(good, stranger))),
          }),
        ]
      : []),
    fault("wrong content type", [415, 400], {
      ...{ ...post, headers: { ...headers, "content-type": "text/plain" } },
      body: bytes("x=1"),
    }),
    fault("GET on infer", [405, 404], { method: "GET", url: post.url, headers: access }),
  ];
}

/** Makes the protocol of a form. Nothing of such a server says what tensors it takes, nor which model it loaded. */
export function jsonProtocol(form: JsonForm): Protocol {
  return {
    kind: form.kind,
    connect: (endpoint, model, access = {}) => ({
      ready: (signal) => askReady(form, { endpoint, model, access }, signal),
      metadata: async () => ({ name: model, inputs: null, outputs: null, modelDigest: null }),
      prepare(inputs) {
        const url = below(endpoint, form.infer(model, inputs));
        const body = bytes(writeJson(form.write(inputs, model)));
        const headers = { ...jsonType, ...access };
        const rows = form.rows(inputs);
        return {
          async send(signal) {
            const answer = await httpSend({ method: "POST", url, headers, body }, signal);
            return { outputs: outputsOf(form, url, rows, answer), sent: answer.sent, done: answer.done };
          },
        };
      },
      async [Symbol.asyncDispose]() {
        // Connections are kept alive for the process and close themselves.
      },
    }),
    faults: (endpoint, model, good, access = {}) => faultsOf(form, { endpoint, model, access }, good),
    badRequest: (endpoint, model, { id, body, status }, access = {}) =>
      fault(id, status, {
        ...{ method: "POST", url: below(endpoint, form.infer(model, {})), headers: { ...jsonType, ...access } },
        body: bytes(body),
      }),
  };
}
