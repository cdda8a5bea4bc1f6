import { type Operations, said, unprocessable } from "./call.ts";
import { repositoryUrl } from "./views.ts";

export const dispatches: Operations = {
  "actions/create-workflow-dispatch": (call) => {
    const { state, params, body } = call;
    state.dispatches.push({
      workflow: params["workflow_id"] ?? null,
      ref: said(call, "ref", null),
      inputs: body["inputs"] ?? {},
      eventType: null,
      payload: null,
    });
    if (body["return_run_details"] !== true) return { status: 204 };
    const id = state.next();
    const html = `https://github.com/${state.repository}/actions/runs/${id}`;
    return {
      status: 200,
      body: { workflow_run_id: id, run_url: `${repositoryUrl(call)}/actions/runs/${id}`, html_url: html },
    };
  },
  "repos/create-dispatch-event": (call) => {
    const payload = (call.body["client_payload"] ?? {}) as Record<string, unknown>;
    if (Object.keys(payload).length > 10)
      return unprocessable("No more than 10 properties are allowed; more were supplied.");
    const eventType = said(call, "event_type", "");
    call.state.dispatches.push({ workflow: null, ref: null, inputs: null, eventType, payload });
    return { status: 204 };
  },
};
