import { checkProblems } from "../domain/gate/check.ts";
import { anyOfCheck, type Check, checkOf, type SingleCheck } from "../domain/gate/decide.ts";
import { GateSyntaxError } from "../domain/gate/parse.ts";
import type { Setting } from "../domain/gate/setting.ts";
import type { Report } from "./report.ts";
import type { Written } from "./schema.ts";

type Gate = Written["gates"][number];
type Path = readonly PropertyKey[];

const sentence = (hint: string): string =>
  `${hint.slice(0, 1).toUpperCase()}${hint.slice(1).replace("? allowed", "? Allowed").replace(/\.$/, "")}.`;

/** The checks written in a gate, each at its place. */
function writtenIn(gate: Gate, path: Path): { text: string; path: Path }[] {
  if (typeof gate === "string") return [{ text: gate, path }];
  if ("check" in gate) return [{ text: gate.check, path: [...path, "check"] }];
  return gate.any_of.map((text, index) => ({ text, path: [...path, "any_of", index] }));
}

/**
 * Parses the gates and checks them against what is measured.
 * @param setting null when that is not known, because it is wrong itself: then only the grammar is checked.
 */
export function gatesOf(gates: readonly Gate[], setting: Setting | null, report: Report): Check[] {
  const read = ({ text, path }: { text: string; path: Path }): SingleCheck[] => {
    try {
      const check = checkOf(text);
      for (const { message, hint, column } of setting ? checkProblems(check, setting) : [])
        report.gate(path, `"${check.text}": ${message}`, sentence(hint), column);
      return [check];
    } catch (error) {
      if (!(error instanceof GateSyntaxError)) throw error;
      report.gate(path, error.message, sentence(error.hint), error.column);
      return [];
    }
  };
  return gates.flatMap((gate, index): Check[] => {
    const checks = writtenIn(gate, ["gates", index]).flatMap(read);
    if (typeof gate === "string") return checks;
    const weight = { severity: gate.severity, onInconclusive: gate.on_inconclusive };
    return "check" in gate ? checks.map((check) => ({ ...check, ...weight })) : [anyOfCheck(checks, weight)];
  });
}
