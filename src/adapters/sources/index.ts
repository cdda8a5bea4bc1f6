import { pathSource } from "./path.ts";

/** Where models come from: kind → source. */
export const sources = { path: pathSource };
