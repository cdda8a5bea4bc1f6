import { readJson } from "../domain/json.ts";
import { UserError } from "../domain/problem.ts";
import type { Rule } from "../stages/rules.ts";
import { evaluateSettings } from "./data.ts";
import type { Workshop } from "./workshop.ts";

/** The rules of the configuration, with what their files say. @throws UserError for a schema that is not there, or is none. */
export async function readRules(shop: Workshop): Promise<Record<string, Rule>> {
  const rules: Record<string, Rule> = {};
  for (const [name, rule] of Object.entries(evaluateSettings(shop).rules)) {
    if ("regex" in rule) {
      rules[name] = rule;
      continue;
    }
    const { schemaFile: file } = rule;
    const refuse = (message: string): UserError =>
      new UserError([
        {
          code: "config.value",
          message: `evaluate.rules.${name}: ${message}`,
          hint: "Name a file with a JSON Schema of draft 2020-12 or 07.",
          at: { file: shop.config.file, key: `evaluate.rules.${name}.json-schema` },
        },
      ]);
    const text = await shop.readText(shop.resolve(file));
    if (text === null) throw refuse(`there is no ${file}`);
    try {
      const schema = readJson(text);
      shop.schemaFault(schema, null);
      rules[name] = { schema };
    } catch (error) {
      throw refuse(`${file}: ${(error as Error).message}`);
    }
  }
  return rules;
}
