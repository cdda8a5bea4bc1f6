import { WorldError } from "../../domain/problem.ts";

const why = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause));
const asking = (url: URL, retryable: boolean, cause: unknown) => ({
  side: `endpoint ${url.origin}`,
  during: "asking the endpoint",
  retryable,
  cause,
});

/** What Node says of a certificate that is not to be trusted: by OpenSSL's verification, or by its name. */
const distrust =
  /^(CERT_|UNABLE_TO_|DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|ERR_TLS_CERT_ALTNAME_INVALID)/;

/** Why an endpoint gave no answer. A certificate that is not trusted stays so: there asking again does not help. */
export const unreachable = (url: URL, cause: unknown, retryable = true): WorldError =>
  distrust.test(String((cause as { code?: unknown }).code)) ? distrusted(url, cause) : gone(url, cause, retryable);

const distrusted = (url: URL, cause: unknown): WorldError =>
  new WorldError(
    {
      code: "endpoint.unreachable",
      message: `the certificate of ${url.origin} is not to be trusted: ${why(cause)}`,
      hint: "Name who issued it in access.tls.ca, or the name it has in access.tls.server-name.",
    },
    asking(url, false, cause),
  );

const gone = (url: URL, cause: unknown, retryable: boolean): WorldError =>
  new WorldError(
    {
      code: "endpoint.unreachable",
      message: `${url.origin} gave no answer to ${url.pathname}: ${why(cause)}`,
      hint: "Check that the deployment still runs (modelgate status) and that its address can be reached from here.",
    },
    asking(url, retryable, cause),
  );

/** An answer that cannot be read. */
export const unreadable = (url: URL, cause: unknown): WorldError =>
  new WorldError(
    {
      code: "endpoint.answer",
      message: `${url.origin} answered ${url.pathname} with a body that cannot be read: ${why(cause)}`,
      hint: "Look at the server's log, and at what stands between it and here.",
    },
    asking(url, false, cause),
  );

/** What an aborted request ends with: time that ran out is the endpoint's doing, anything else is the caller's. */
export const aborted = (url: URL, reason: unknown): unknown =>
  reason instanceof Error && reason.name === "TimeoutError"
    ? unreachable(url, new Error("the time for it ran out", { cause: reason }), false)
    : reason;
