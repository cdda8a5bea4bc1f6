import { z } from "zod";

/** The name of an environment variable. */
export const variable = z.string().regex(/^[A-Za-z_]\w*$/, "write the name of an environment variable");
