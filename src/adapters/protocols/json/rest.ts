import { writeJson } from "../../../domain/json.ts";
import { readyPaths } from "../../../domain/ready-paths.ts";
import type { Tensors } from "../../../domain/tensor.ts";
import type { Call, Protocol, Readiness } from "../../../ports/protocol.ts";
import { httpSend } from "../../system/http.ts";
import { jsonOf, shorten } from "../shared/answers.ts";
import { fault } from "../shared/fault.ts";
import { below, get, post } from "../shared/request.ts";
import { faultsOf } from "./faults.ts";
import { type Asked, answerOf, type JsonForm } from "./form.ts";

async function askReady(form: JsonForm, { endpoint, model, options }: Asked, signal: AbortSignal): Promise<Readiness> {
  let told: Readiness = { ready: false, detail: "nothing tells whether the model is ready" };
  for (const path of form.ready?.(options) ?? readyPaths(form.kind, model)) {
    const url = below(endpoint, path);
    const { status, body } = await httpSend(get(url, options), signal);
    const ready = status === 200 && (form.isReady?.(jsonOf(body), model) ?? true);
    told = { ready, detail: `${url.pathname} answered ${status} ${shorten(body)}`.trim() };
    if (status !== 404) break;
  }
  return told;
}

function prepare(form: JsonForm, { endpoint, model, options }: Asked, inputs: Tensors): Call {
  const url = below(endpoint, form.infer(model, inputs, options));
  const request = post(url, writeJson(form.write(inputs, model, options)), options);
  return {
    async send(signal) {
      const answer = await httpSend(request, signal);
      const { sent, done } = answer;
      return { ...answerOf(form, url, { inputs, options }, answer), sent, done };
    },
  };
}

/** Makes the protocol of a form. Nothing of such a server says what tensors it takes, nor which model it loaded. */
export function jsonProtocol(form: JsonForm): Protocol {
  return {
    kind: form.kind,
    ...(form.takes && { takes: form.takes }),
    ...(form.needs && { needs: form.needs }),
    connect: (endpoint, model, options = {}) => ({
      ready: (signal) => askReady(form, { endpoint, model, options }, signal),
      metadata: async () => ({ name: model, inputs: null, outputs: null, modelDigest: null }),
      prepare: (inputs) => prepare(form, { endpoint, model, options }, inputs),
      async [Symbol.asyncDispose]() {
        // Connections are kept alive for the process and close themselves.
      },
    }),
    faults: (endpoint, model, good, options = {}) => faultsOf(form, { endpoint, model, options }, good),
    badRequest: (endpoint, model, { id, body, status }, options = {}) =>
      fault(id, status, post(below(endpoint, form.infer(model, {}, options)), body, options)),
  };
}
