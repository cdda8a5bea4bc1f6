import { createContext, Script } from "node:vm";

const context = createContext({ work: (): unknown => null });
const script = new Script("work()");

/**
 * Does work on this thread that is ended when its time is over: V8's regular expressions backtrack, and nothing else stops them.
 * @returns null when the time was over. @throws what work throws.
 */
export function bounded<T>(milliseconds: number, work: () => T): T | null {
  context["work"] = work;
  try {
    return script.runInContext(context, { timeout: milliseconds }) as T;
  } catch (error) {
    if ((error as { code?: unknown }).code === "ERR_SCRIPT_EXECUTION_TIMEOUT") return null;
    throw error;
  }
}
