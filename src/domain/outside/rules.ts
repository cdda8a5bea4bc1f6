import { type DeclaredMetric, type DeclaredMetrics, namedMetrics } from "./declared.ts";

/** The name before the dot, in checks on rules. */
export const rulesSource = "rules";

/** A rule as a metric: the share of answers that keep it. */
export const keeping: DeclaredMetric = { unit: "ratio", direction: "higher", range: [0, 1] };

/** The metrics of rules, under the names that checks give them. */
export const rulesDeclared = (rules: Readonly<Record<string, unknown>>): DeclaredMetrics =>
  namedMetrics({
    [rulesSource]: { metrics: Object.fromEntries(Object.keys(rules).map((name) => [name, keeping])) },
  });
