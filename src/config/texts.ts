import { z } from "zod";

// `form` says what may stand at a key: hints and docs/reference/config.md show it. The description says what it means.
export const text = z.string().min(1, { abort: true }).meta({ form: "a text" });
export const path = text.meta({ form: "a path, relative to the folder of this file" });
export const column = text.meta({ form: "the name of a column" });
