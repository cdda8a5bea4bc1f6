import type { z } from "zod";

/** How quantities are written in the whole configuration: `10 min`, `512 MB`. The example is shown where one is wrong. */
export interface Units {
  /** Milliseconds, more than none. */
  duration(example: string): z.ZodType<number, string>;
  /** Bytes, more than none. */
  size(example: string): z.ZodType<number, string>;
}
