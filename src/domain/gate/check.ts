import { allowed, keeps } from "../metrics/arguments.ts";
import { metricNamed, metrics } from "../metrics/index.ts";
import type { Task } from "../observations/observations.ts";
import { limitsOf } from "../outside/declared.ts";
import { against, reference } from "./check-reference.ts";
import type { Comparison } from "./compare.ts";
import { didYouMean } from "./near.ts";
import { outsideName, type ParsedCheck } from "./parse.ts";
import { enoughRequests, enoughRows, range } from "./reach.ts";
import { lowIsBad } from "./rule.ts";
import type { CheckProblem, Finder, Known, Setting } from "./setting.ts";

const metricsOf = (task: Task): string[] =>
  metrics.flatMap(([name, metric]) => (metric.kind === "run" || metric.tasks.includes(task) ? [name] : []));

/** A metric by the name a check gives it: one of ours, or one that something else measures. */
function knownAs(parsed: ParsedCheck, { task, outside = {} }: Setting): Known | undefined {
  const own = metricNamed(parsed.metric, task);
  const name = outsideName(parsed);
  const declared = Object.hasOwn(outside, name) ? outside[name] : undefined;
  if (own || !declared) return own;
  const { unit, direction, about, alone = false } = declared;
  const bound = { kind: about === "operation" ? "none" : "outside" } as const;
  return { kind: "outside", unit, direction, range: limitsOf(declared), bound, alone };
}

const costHint = "it needs load and evaluate.price-per-hour";
const outsideHint = "declare it under evaluate.commands or evaluate.imports";

/** All that is wrong with a check in this setting: what could never be judged, never pass, or never fail. */
export function checkProblems({ parsed }: Comparison, setting: Setting): CheckProblem[] {
  const metric = knownAs(parsed, setting);
  const column = parsed.at.metric;
  const known = [...metricsOf(setting.task), ...Object.keys(setting.outside ?? {})];
  if (!metric) {
    const name = outsideName(parsed);
    const more = name === "cost_per_1k" ? costHint : name.includes(".") ? outsideHint : null;
    const hint = `${didYouMean(name, known)}${more === null ? "" : `; ${more}`}`;
    return [{ message: `there is no metric "${name}"`, hint, column }];
  }
  if (metric.kind === "rows" && !metric.tasks.includes(setting.task))
    return [
      {
        message: `${parsed.metric} does not exist for ${setting.task} models`,
        hint: `allowed: ${known.join(", ")}`,
        column,
      },
    ];
  const found = [statistic, argumentsGiven, direction, against, reference, unit, confidence, slices, load].flatMap(
    (find) => find(parsed, metric, setting),
  );
  if (found.length > 0) return found;
  const unreachable = range(parsed, metric, setting);
  if (unreachable.length > 0) return unreachable;
  return [...enoughRows(parsed, metric, setting), ...enoughRequests(parsed, metric, setting)];
}

const statistic: Finder = ({ metric: name, stat, at }, metric) => {
  if (metric.kind === "outside") return [];
  const takes = metric.kind === "run" && metric.stats;
  if (takes && stat === null)
    return [
      {
        message: `${name} needs a statistic`,
        hint: `write ${name}.p99 (any percentile), ${name}.mean, ${name}.max or ${name}.min`,
        column: at.metric,
      },
    ];
  if (!takes && stat !== null)
    return [{ message: `${name} has no .${stat}`, hint: `write ${name} alone`, column: at.stat }];
  return [];
};

const argumentsGiven: Finder = ({ metric: name, args, at }, metric, { classes }) => {
  const rules = metric.kind === "rows" ? metric.args : {};
  const names = Object.keys(rules);
  const given = Object.entries(args).flatMap(([arg, text]): CheckProblem[] => {
    const column = at.args[arg] ?? at.metric;
    const rule = Object.hasOwn(rules, arg) ? rules[arg] : undefined;
    if (!rule)
      return [
        {
          message: `${name} takes no argument "${arg}"`,
          hint: names.length > 0 ? didYouMean(arg, names) : `write ${name} alone`,
          column,
        },
      ];
    if (keeps(rule, text, classes)) return [];
    const hint =
      rule.kind === "class" || rule.kind === "choice"
        ? didYouMean(text, rule.kind === "class" ? classes : rule.of)
        : `write ${allowed(rule, classes)}`;
    return [{ message: `"${text}" is no ${arg} of ${name}`, hint, column }];
  });
  const missing = Object.entries(rules).flatMap(([arg, rule]): CheckProblem[] =>
    "required" in rule && args[arg] === undefined
      ? [
          {
            message: `${name} needs ${arg}`,
            hint: `write ${name}(${arg}=...) with ${allowed(rule, classes)}`,
            column: at.metric,
          },
        ]
      : [],
  );
  if (args.class !== undefined && args.average !== undefined)
    missing.push({
      message: `${name} is asked of one class and as an average`,
      hint: "give class or average, not both",
      column: at.metric,
    });
  return [...given, ...missing];
};

const direction: Finder = ({ metric: name, op, at }, metric) => {
  if (metric.direction === "zero" || lowIsBad(op) === (metric.direction === "higher")) return [];
  const right = metric.direction === "higher" ? ">= or >" : "<= or <";
  const message = `${name} ${op} ... would ask the model to be bad: ${metric.direction} is better`;
  return [{ message, hint: `write ${right}`, column: at.op }];
};

const unit: Finder = ({ metric: name, right, at }, metric) => {
  const column = at.right;
  // BLEU and chrF run to 100, and 30% of that is not what is meant.
  const pure = metric.unit === "ratio" || (metric.unit === "score" && metric.range[1] !== 100);
  const problem = (message: string, hint: string) => [{ message: `${name} ${message}`, hint, column }];
  if (right.unit === "ms" && metric.unit !== "ms")
    return problem(`is not a time but in ${metric.unit}`, "leave the unit away");
  if (right.unit === "bytes" && metric.unit !== "bytes")
    return problem(`is not a size but in ${metric.unit}`, "leave the unit away");
  if (right.unit === "rps" && metric.unit !== "per second")
    return problem("is not a rate of requests", "leave the unit away");
  if (right.unit === "pp" && !pure)
    return problem(
      `is in ${metric.unit}, not in per cent`,
      "give the margin in the metric's unit, or in % of the reference",
    );
  if (right.kind === "value" && right.unit === "%" && !pure)
    return problem(`is in ${metric.unit}, not in per cent`, "leave the % away");
  const bare = right.kind === "value" ? right.value : right.off;
  if ((right.kind === "value" || bare !== 0) && right.unit === null && metric.unit === "ms")
    return problem("needs a unit", `write ${bare}ms or ${bare / 1000}s`);
  if (right.kind === "value" && right.unit === null && metric.unit === "bytes")
    return problem("needs a unit", `write ${right.value}MB or ${right.value}GB`);
  return [];
};

const confidence: Finder = ({ metric: name, stat, confidence: asked, at }, metric) => {
  const percentile = metric.bound.kind !== "latency" || stat?.startsWith("p");
  if (asked === null || (metric.bound.kind !== "none" && percentile)) return [];
  return [
    {
      message: `no bound can be made for ${name}${stat ? `.${stat}` : ""}`,
      hint: `leave @ away${"instead" in metric.bound ? `, or use ${metric.bound.instead}` : stat ? ", or use a percentile such as p99" : ""}`,
      column: at.confidence,
    },
  ];
};

const slices: Finder = ({ metric: name, by, at }, metric, { sliceColumns }) => {
  const column = at.by;
  if (by.length > 0 && metric.kind === "outside" && metric.bound.kind === "none")
    return [{ message: `${name} is measured once, and has no slices`, hint: "leave by away", column }];
  if (by.length > 0 && metric.kind === "run")
    return [{ message: `${name} is measured on a load run, which has no slices`, hint: "leave by away", column }];
  const none = "no slice columns are configured; name them under evaluate.slices";
  return by
    .filter((asked) => !sliceColumns.includes(asked))
    .map((asked) => ({
      message: `"${asked}" is not a slice column`,
      hint: sliceColumns.length > 0 ? didYouMean(asked, sliceColumns) : none,
      column,
    }));
};

const load: Finder = ({ metric: name, at }, metric, { load: test }) => {
  const column = at.metric;
  if (metric.kind !== "run") return [];
  if (test === null)
    return [{ message: `${name} needs a load run`, hint: "configure load with a rate and a duration", column }];
  if (name === "goodput" && !test.goodput)
    return [
      {
        message: "goodput needs to know which answers are good",
        hint: "write load.goodput: { latency: 250 ms }; ttft and tpot are for streams",
        column,
      },
    ];
  if (name === "max_rate" && !test.search)
    return [{ message: "max_rate needs a search", hint: "write load.find-max with slo, from and to", column }];
  if (!metric.fromIntended || !test.closed) return [];
  return [
    {
      message: `${name} of a closed loop is service time: a server that is slow is asked less, and what waits is not counted`,
      hint: "use the profile server, constant or replay, or say load.allow-closed: true",
      column,
    },
  ];
};
