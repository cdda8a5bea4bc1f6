import { bounded } from "./bounded.ts";

const batch = 1000;
const batchMilliseconds = 5000;

/**
 * Which texts a regular expression is found in; null where it took more than 5 s for 1,000 of them: what a model answers is not
 * ours.
 */
export function patternMatches(
  pattern: string,
  texts: readonly string[],
  milliseconds = batchMilliseconds,
): boolean[] | null {
  const expression = new RegExp(pattern, "u");
  const found: boolean[] = [];
  for (let at = 0; at < texts.length; at += batch) {
    const part = texts.slice(at, at + batch);
    const matches = bounded(milliseconds, () => part.map((text) => expression.test(text)));
    if (matches === null) return null;
    found.push(...matches);
  }
  return found;
}
