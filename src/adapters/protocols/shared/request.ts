import type { Endpoint } from "../../../domain/release.ts";
import type { RequestOptions } from "../../../ports/protocol.ts";
import type { HttpRequest } from "../../system/http.ts";

export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** An address below the endpoint's, whose own path is kept. */
export const below = ({ url }: Endpoint, path: string): URL => new URL(`${url.replace(/\/+$/, "")}${path}`);

export const get = (url: URL, { access = {} }: RequestOptions): HttpRequest => ({
  method: "GET",
  url,
  headers: { ...access },
});

/** A request of JSON. When a stream of events is compressed nobody knows when each of them came. */
export const post = (url: URL, body: string, { access = {}, stream = false }: RequestOptions): HttpRequest => ({
  method: "POST",
  url,
  headers: { "content-type": "application/json", ...(stream && { "accept-encoding": "identity" }), ...access },
  body: bytes(body),
});
