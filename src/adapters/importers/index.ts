import { evidently } from "./evidently.ts";
import { lmEval } from "./lm-eval.ts";
import { promptfoo } from "./promptfoo.ts";

/** Results of other tools: tool → reader. */
export const importers = { "lm-eval": lmEval, promptfoo, evidently };
