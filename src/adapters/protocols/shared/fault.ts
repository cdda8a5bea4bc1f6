import type { Fault } from "../../../ports/protocol.ts";
import { type HttpAnswer, type HttpRequest, httpSend } from "../../system/http.ts";

/** How much of an answer to a bad request is kept: enough to find a stack trace in it. */
const keptBytes = 8192;

/** What is told of an answer to a bad request. */
export const told = ({ status, body }: HttpAnswer) => ({ status, body: body.subarray(0, keptBytes).toString("utf8") });

/** A request that is wrong, and the statuses that are right for it. */
export const fault = (id: string, right: readonly number[], request: HttpRequest): Fault => ({
  id,
  right,
  send: async (signal) => told(await httpSend(request, signal)),
});
