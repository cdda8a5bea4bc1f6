import { WorldError } from "../../../domain/problem.ts";
import type { Fault } from "../../../ports/protocol.ts";
import { type HttpAnswer, type HttpRequest, httpSend } from "../../system/http.ts";

/** How much of an answer to a bad request is kept: enough to find a stack trace in it. */
const keptBytes = 8192;

/** What is told of an answer to a bad request. */
export const told = ({ status, body }: HttpAnswer) => ({ status, body: body.subarray(0, keptBytes).toString("utf8") });

/** Whether the server ended the connection for the sake of TLS: it knows nobody without a certificate. */
const isTlsRefusal = (error: unknown): error is WorldError =>
  error instanceof WorldError && /^ERR_SSL_.*ALERT/.test(String((error.cause as { code?: unknown } | undefined)?.code));

/** A request that is wrong, and the statuses that are right for it. */
export const fault = (id: string, right: readonly number[], request: HttpRequest): Fault => ({
  id,
  right,
  async send(signal) {
    try {
      return told(await httpSend(request, signal));
    } catch (error) {
      if (isTlsRefusal(error)) return { status: 0, body: error.message };
      throw error;
    }
  },
});
