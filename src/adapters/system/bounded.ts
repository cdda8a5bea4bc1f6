import { type Context, createContext, Script } from "node:vm";

/** Made when it is needed: most commands never do such work. */
let made: { context: Context; script: Script } | null = null;

/**
 * Does work on this thread that is ended when its time is over: V8's regular expressions backtrack, and nothing else stops them.
 * @returns null when the time was over. @throws what work throws.
 */
export function bounded<T>(milliseconds: number, work: () => T): T | null {
  made ??= { context: createContext({}), script: new Script("work()") };
  made.context["work"] = work;
  try {
    return made.script.runInContext(made.context, { timeout: milliseconds }) as T;
  } catch (error) {
    if ((error as { code?: unknown }).code === "ERR_SCRIPT_EXECUTION_TIMEOUT") return null;
    throw error;
  }
}
