import { WorldError } from "../../../domain/problem.ts";

/** A service that signing rests on failed. The cause is left out: it may hold the request, and that the identity token. */
export function sigstoreFailed(failure: {
  service: string;
  during: string;
  why: string;
  retryable: boolean;
}): WorldError {
  const { service, during, why, retryable } = failure;
  const hint = retryable
    ? "Run it again. status.sigstore.dev and www.githubstatus.com say whether they have trouble."
    : "Check signing.instance, the job's permissions, and whether a proxy stands in between.";
  return new WorldError(
    { code: "signing.sigstore", message: `${service} failed while ${during}: ${why}`, hint },
    { side: service, during, retryable },
  );
}
