import { drift } from "./drift.ts";
import { inference } from "./inference.ts";
import type { Kind } from "./kind.ts";
import { rows } from "./rows.ts";
import { sizes } from "./sizes.ts";
import { text } from "./text.ts";

/** Every kind of case; a line per kernel. */
export const kinds: readonly Kind[] = [...rows, ...inference, ...sizes, ...drift, ...text];
