import { createContext, Script } from "node:vm";

const batch = 1000;
const batchMilliseconds = 5000;
const script = new Script("texts.map((text) => pattern.test(text))");

/**
 * Which texts a regular expression is found in; null where it took more than 5 s for 1,000 of them. V8's engine backtracks, and what
 * a model answers is not ours: only an engine that can be stopped is let at it.
 */
export function patternMatches(
  pattern: string,
  texts: readonly string[],
  milliseconds = batchMilliseconds,
): boolean[] | null {
  const found: boolean[] = [];
  for (let at = 0; at < texts.length; at += batch) {
    const context = createContext({ pattern: new RegExp(pattern, "u"), texts: texts.slice(at, at + batch) });
    try {
      found.push(...(script.runInContext(context, { timeout: milliseconds }) as boolean[]));
    } catch (error) {
      if ((error as { code?: unknown }).code === "ERR_SCRIPT_EXECUTION_TIMEOUT") return null;
      throw error;
    }
  }
  return found;
}
