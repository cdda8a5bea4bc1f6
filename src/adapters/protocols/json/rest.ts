import { type JsonValue, readJson, writeJson } from "../../../domain/json.ts";
import type { Protocol, Readiness } from "../../../ports/protocol.ts";
import { httpSend } from "../../system/http.ts";
import { shorten } from "../shared/answers.ts";
import { fault } from "../shared/fault.ts";
import { below, bytes, jsonType } from "../shared/request.ts";
import { faultsOf } from "./faults.ts";
import { type Asked, type JsonForm, outputsOf } from "./form.ts";

/** The JSON of a body; null when it is none. */
function jsonOf(body: Buffer): JsonValue {
  try {
    return readJson(body.toString("utf8"));
  } catch {
    return null;
  }
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
