import { checkProblems } from "../domain/gate/check.ts";
import { type Check, checkOf } from "../domain/gate/decide.ts";
import { GateSyntaxError } from "../domain/gate/parse.ts";
import type { Setting } from "../domain/gate/setting.ts";
import type { Report } from "./report.ts";
import type { Written } from "./schema.ts";

type Gate = Written["gates"][number];

const sentence = (hint: string): string =>
  `${hint.slice(0, 1).toUpperCase()}${hint.slice(1).replace("? allowed", "? Allowed").replace(/\.$/, "")}.`;

const checkFrom = (gate: Gate): Check =>
  typeof gate === "string"
    ? checkOf(gate)
    : { ...checkOf(gate.check), severity: gate.severity, onInconclusive: gate.on_inconclusive };

/**
 * Parses the gates and checks them against what is measured.
 * @param setting null when that is not known, because it is wrong itself: then only the grammar is checked.
 */
export function gatesOf(gates: readonly Gate[], setting: Setting | null, report: Report): Check[] {
  return gates.flatMap((gate, index): Check[] => {
    const path = typeof gate === "string" ? ["gates", index] : ["gates", index, "check"];
    try {
      const check = checkFrom(gate);
      for (const { message, hint, column } of setting ? checkProblems(check, setting) : [])
        report.gate(path, `"${check.text}": ${message}`, sentence(hint), column);
      return [check];
    } catch (error) {
      if (!(error instanceof GateSyntaxError)) throw error;
      report.gate(path, error.message, sentence(error.hint), error.column);
      return [];
    }
  });
}
