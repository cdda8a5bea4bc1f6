import { type DeclaredMetric, type DeclaredMetrics, namedMetrics, usualRange } from "../domain/outside/declared.ts";
import { isTaken, operations } from "../domain/outside/operation.ts";
import { rulesDeclared, rulesSource } from "../domain/outside/rules.ts";
import type { Config } from "./config.ts";
import type { Report } from "./report.ts";
import type { Written } from "./schema.ts";

type Evaluate = NonNullable<Written["evaluate"]>;
type Settings = NonNullable<Config["evaluate"]>;
type Declared = Evaluate["commands"][string]["metrics"][string];

const declaredOf = ({ unit, better, range }: Declared): DeclaredMetric => ({
  unit,
  direction: better,
  range: range ?? usualRange(unit),
});

const mapped = <From, To>(
  record: Readonly<Record<string, From>>,
  to: (one: From, name: string) => To,
): Record<string, To> => Object.fromEntries(Object.entries(record).map(([name, one]) => [name, to(one, name)]));

/** The user's own scripts, with what is absent named. */
export const commandsOf = ({ commands }: Pick<Evaluate, "commands">): Settings["commands"] =>
  mapped(commands, ({ run, metrics, env, timeout }) => ({
    run,
    metrics: mapped(metrics, declaredOf),
    env,
    timeoutMilliseconds: timeout ?? 600_000,
  }));

/** The results of other tools, with what is absent named. */
export const importsOf = ({ imports }: Pick<Evaluate, "imports">): Settings["imports"] =>
  mapped(imports, ({ tool, from, metrics }) => ({
    tool,
    from,
    metrics: mapped(metrics, ({ of, ...metric }, name) => ({ ...declaredOf(metric), of: of ?? name })),
  }));

/** What answers have to be. */
export const rulesOf = ({ rules }: Pick<Evaluate, "rules">): Settings["rules"] =>
  mapped(rules, ({ regex, "json-schema": schemaFile = "" }) => (regex === undefined ? { schemaFile } : { regex }));

/** All that checks may name and modelgate has no metric of answers for. What answers cost is known with a price and a load test. */
export function outsideOf(evaluate: Evaluate, hasLoad: boolean): DeclaredMetrics {
  const { cost_per_1k, ...others } = operations;
  const hasPrice = hasLoad && evaluate["price-per-hour"] !== undefined;
  return {
    ...others,
    ...(hasPrice && { cost_per_1k }),
    ...namedMetrics({ ...commandsOf(evaluate), ...importsOf(evaluate) }),
    ...rulesDeclared(evaluate.rules),
  };
}

type Path = readonly string[];

function rangeProblems({ unit, range }: Declared, path: Path, report: Report): void {
  if (!range) return;
  const [least, most] = range;
  const [lowest, highest] = usualRange(unit);
  if (least >= most || (lowest !== null && least < lowest) || (highest !== null && most > highest))
    report.value(
      [...path, "range"],
      `the range [${least}, ${most}] cannot be one of a ${unit}`,
      `Write the least value first${lowest === null ? "" : `, from ${lowest}${highest === null ? "" : ` to ${highest}`}`}.`,
    );
}

/** Why a text is no regular expression, or null. */
function regexFault(regex: string): string | null {
  try {
    void new RegExp(regex, "u");
    return null;
  } catch (error) {
    return (error as Error).message.replace(/^Invalid regular expression: /, "");
  }
}

/** Rules without texts to hold to them, of both kinds or none, and expressions that are none. */
export function ruleProblems({ task, rules }: Evaluate, report: Report): void {
  for (const [name, { regex, "json-schema": schema }] of Object.entries(rules)) {
    const path = ["evaluate", "rules", name];
    if (task !== "generation")
      report.value(
        path,
        `evaluate.rules.${name} is about texts, and the task is ${task}`,
        "Remove it; it needs task: generation.",
      );
    if ((regex === undefined) === (schema === undefined))
      report.value(
        path,
        `evaluate.rules.${name} needs regex or json-schema, one of them`,
        'Write { regex: "^\\d+$" }, or { json-schema: answer.schema.json }.',
      );
    const fault = regex === undefined ? null : regexFault(regex);
    if (fault !== null)
      report.value(
        [...path, "regex"],
        `evaluate.rules.${name}.regex is no regular expression: ${fault}`,
        "Write one as JavaScript has it (flag u), without slashes around it.",
      );
  }
}

/** Names that mean something else, sources that measure nothing, and ranges that hold nothing. */
export function outsideProblems({ commands, imports }: Evaluate, report: Report): void {
  const sources = [
    ...Object.entries(commands).map(([name, { metrics }]) => ({ key: "commands", name, metrics })),
    ...Object.entries(imports).map(([name, { metrics }]) => ({ key: "imports", name, metrics })),
  ];
  for (const { key, name, metrics } of sources) {
    const path = ["evaluate", key, name];
    if (name === rulesSource || isTaken(name))
      report.value(path, `evaluate.${key}.${name} has the name of a metric`, "Give it another name.");
    if (key === "imports" && Object.hasOwn(commands, name))
      report.value(path, `evaluate.imports.${name} has the name of a command`, "Give it another name.");
    if (Object.keys(metrics).length === 0)
      report.value(
        [...path, "metrics"],
        `evaluate.${key}.${name} measures nothing`,
        "Name what it measures, such as metrics: { helpfulness: { better: higher } }.",
      );
    for (const [metric, declared] of Object.entries(metrics))
      rangeProblems(declared, [...path, "metrics", metric], report);
  }
}
