import type { Asked } from "./exchange.ts";

/** One request that reached the fake, in the order in which they were answered. */
export interface LoggedCall {
  service: "api" | "runner" | "sigstore" | "packages" | "mirror";
  method: string;
  host: string;
  /** With the query. */
  path: string;
  body: unknown;
  status: number;
  /** `release.yml stage`, the login of a person, or null without a token. */
  by: string | null;
}

/** A body as it is told: JSON, or base64 where it is none. */
export function readable(body: Buffer): unknown {
  try {
    return body.length === 0 ? undefined : JSON.parse(body.toString());
  } catch {
    return body.toString("base64");
  }
}

/** A request and what came of it. */
export const logged = (
  service: LoggedCall["service"],
  { method, host, url, body }: Asked,
  { status, by }: { status: number; by: string | null },
): LoggedCall => ({ service, method, host, path: url.pathname + url.search, body: readable(body), status, by });

/** Calls of the REST API as `POST /repos/…/deployments 201`; those of persons are left out. */
export const callsOf = (log: readonly LoggedCall[]): string[] =>
  log
    .filter(({ service, by }) => service === "api" && (by === null || by.includes(" ")))
    .map(({ method, path, status }) => `${method} ${path} ${status}`);
