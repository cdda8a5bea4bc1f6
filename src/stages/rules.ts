import { type JsonValue, readJson } from "../domain/json.ts";
import type { Answers, Observations } from "../domain/observations/observations.ts";
import type { Outside, Reported } from "../domain/outside/measured.ts";
import { keeping, rulesSource } from "../domain/outside/rules.ts";

/** What an answer has to be: a regular expression that is found in it, or a JSON Schema that its JSON keeps. */
export type Rule = { regex: string } | { schema: JsonValue };

export interface RulesOptions {
  rules: Readonly<Record<string, Rule>>;
  /** Which texts a pattern is found in; null: it took too long. */
  patternMatches: (pattern: string, texts: readonly string[]) => boolean[] | null;
  /** What of a value a schema refuses, or null. */
  schemaFault: (schema: JsonValue, value: JsonValue) => string | null;
}

/** Whether a text is JSON that a schema takes. */
function isTaken(text: string, schema: JsonValue, schemaFault: RulesOptions["schemaFault"]): boolean {
  let value: JsonValue;
  try {
    value = readJson(text);
  } catch {
    return false;
  }
  return schemaFault(schema, value) === null;
}

function reportedOf(rule: Rule, answers: Answers, { patternMatches, schemaFault }: RulesOptions): Reported {
  if (answers.task !== "generation") return { missing: "the answers are no texts" };
  const { texts } = answers;
  if (texts.length === 0) return { missing: "there are no answers" };
  const kept =
    "regex" in rule ? patternMatches(rule.regex, texts) : texts.map((text) => isTaken(text, rule.schema, schemaFault));
  if (kept === null)
    return {
      missing: `/${"regex" in rule ? rule.regex : ""}/ takes too long on these answers; write it without nested repetition`,
    };
  const scores = kept.map(Number);
  return { value: scores.reduce((sum, score) => sum + score, 0) / scores.length, scores };
}

/** What share of the answers of both models keeps each rule, and which. */
export function keptRules(options: RulesOptions, { candidate, champion }: Observations): Outside {
  const of = (rule: Rule, answers: Answers | null): Reported | null => answers && reportedOf(rule, answers, options);
  return Object.fromEntries(
    Object.entries(options.rules).map(([name, rule]) => [
      `${rulesSource}.${name}`,
      { ...keeping, candidate: of(rule, candidate)!, champion: of(rule, champion) },
    ]),
  );
}
