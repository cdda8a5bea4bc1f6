import { v2 } from "./v2.ts";

/** How endpoints are spoken to: kind → protocol. */
export const protocols = { v2 };
