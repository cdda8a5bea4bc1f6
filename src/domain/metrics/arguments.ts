/** Arguments of a metric as written in a check: `recall(class=fraud)` → `{class: "fraud"}`. */
export type Arguments = Readonly<Record<string, string>>;

/** What an argument may be. */
export type ArgumentRule =
  | { kind: "number"; above: number; below: number; required?: true }
  | { kind: "integer"; from: number; to: number; required?: true }
  | { kind: "class" }
  | { kind: "choice"; of: readonly string[] };

const numeral = /^\d+(\.\d+)?$/;

/** What may be written for an argument, for people. */
export function allowed(rule: ArgumentRule, classes: readonly string[]): string {
  if (rule.kind === "class") return `one of the classes ${classes.join(", ")}`;
  if (rule.kind === "choice") return `one of ${rule.of.join(", ")}`;
  if (rule.kind === "integer") return `a whole number from ${rule.from} to ${rule.to}`;
  const { above, below } = rule;
  return below === Number.POSITIVE_INFINITY ? `a number above ${above}` : `a number between ${above} and ${below}`;
}

/** Whether the text of an argument keeps its rule. */
export function keeps(rule: ArgumentRule, text: string, classes: readonly string[]): boolean {
  if (rule.kind === "class") return classes.includes(text);
  if (rule.kind === "choice") return rule.of.includes(text);
  const value = Number(text);
  if (!numeral.test(text)) return false;
  if (rule.kind === "integer") return Number.isInteger(value) && value >= rule.from && value <= rule.to;
  return value > rule.above && value < rule.below;
}

/** The number written for an argument, or what holds without it. */
export const numberOf = (args: Arguments, name: string, fallback: number): number => {
  const text = args[name];
  return text === undefined ? fallback : Number(text);
};
