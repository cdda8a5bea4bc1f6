import type { Endpoint } from "../../../domain/release.ts";

/** The header of a JSON body. */
export const jsonType = { "content-type": "application/json" };

export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** An address below the endpoint's, whose own path is kept. */
export const below = ({ url }: Endpoint, path: string): URL => new URL(`${url.replace(/\/+$/, "")}${path}`);
