import type { Endpoint } from "../../../domain/release.ts";
import type { RequestOptions } from "../../../ports/protocol.ts";
import type { HttpRequest } from "../../system/http.ts";

export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** An address below the endpoint's, whose own path is kept. */
export const below = ({ url }: Endpoint, path: string): URL => new URL(`${url.replace(/\/+$/, "")}${path}`);

/** What requests of both kinds have of the user's. */
const common = ({ access = {}, host, tls }: RequestOptions) => ({
  headers: { ...(host !== undefined && { host }), ...access },
  ...(tls && { tls }),
});

export const get = (url: URL, options: RequestOptions): HttpRequest => ({ method: "GET", url, ...common(options) });

/** A request of JSON. When a stream of events is compressed nobody knows when each of them came. */
export function post(url: URL, body: string, options: RequestOptions): HttpRequest {
  const { headers, ...own } = common(options);
  const json = { "content-type": "application/json", ...(options.stream && { "accept-encoding": "identity" }) };
  return { method: options.http?.method ?? "POST", url, ...own, headers: { ...json, ...headers }, body: bytes(body) };
}
