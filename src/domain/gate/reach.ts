import { shareOf } from "../metrics/load.ts";
import { clopperPearsonLower, clopperPearsonUpper } from "../statistics/intervals.ts";
import { zeroErrorRows } from "../statistics/power.ts";
import { grouped, percent } from "./numbers.ts";
import { holds, lowIsBad } from "./rule.ts";
import type { Finder } from "./setting.ts";

/** A bound that the best model misses, or that the worst one holds: a gate that cannot pass, or cannot fail. */
export const range: Finder = ({ metric: name, op, right, at, confidence }, metric) => {
  if (right.kind === "ref") return [];
  const [least, most] = metric.range;
  const [best, worst] = lowIsBad(op) ? [most, least] : [least, most];
  const problem = (message: string, hint: string) => [{ message, hint, column: at.right }];
  const limits = `${name} lies between ${least} and ${most}`;
  if (!holds(op, best, right.value)) {
    const percentMeant = metric.unit === "ratio" && right.unit === null && right.value > 1;
    return problem(
      `no model can pass: ${limits}`,
      percentMeant ? `write ${right.value}% if per cent is meant` : "write a bound that can be held",
    );
  }
  if (holds(op, worst, right.value) && metric.direction !== "zero")
    return problem(`no model can fail: ${limits}`, "write a bound that can be missed");
  if (confidence !== null && metric.bound.kind === "binomial" && right.value === best)
    return problem(
      `no number of rows can show ${name} ${op} ${right.value} with confidence`,
      "leave @ away, or leave room",
    );
  return [];
};

/** Whether a model without a fault could be judged on this many rows. */
export const enoughRows: Finder = (check, metric, { rows }) => {
  if (rows === undefined || metric.kind !== "rows") return [];
  const { min, op, right, confidence, at, by } = check;
  const least = min ?? (confidence === null ? 1 : 30);
  const plural = rows === 1 ? "row" : "rows";
  if (rows < least) {
    const message = `this can never be judged: it needs ${grouped(least)} rows, the data set has ${grouped(rows)}`;
    const hint = `evaluate more rows${confidence === null && min === null ? "" : ", or lower [min]"}`;
    return [{ message, hint, column: at.metric }];
  }
  if (confidence === null || right.kind === "ref" || metric.bound.kind !== "binomial" || by.length > 0) return [];
  const shown = lowIsBad(op) ? clopperPearsonLower(rows, rows, confidence) : clopperPearsonUpper(0, rows, confidence);
  if (holds(op, shown, right.value)) return [];
  const share = lowIsBad(op) ? right.value : 1 - right.value;
  const needed = grouped(Math.ceil(Math.log(1 - confidence) / Math.log(share)));
  const best = `${percent(Number(shown.toPrecision(4)))} with ${percent(confidence)} confidence`;
  const message = `this can never pass: even without one error, ${grouped(rows)} ${plural} show no better than ${best}`;
  return [
    {
      message,
      hint: `evaluate at least ${needed} rows, ask less confidence, or move the bound`,
      column: at.confidence,
    },
  ];
};

/** Whether a load run without a fault could be judged on this many requests. */
export const enoughRequests: Finder = ({ stat, min, right, confidence, at }, metric, { load }) => {
  const requests = load?.requests;
  if (requests === undefined || metric.kind !== "run") return [];
  const least = min ?? (confidence === null ? 1 : 30);
  const percentile = metric.bound.kind === "latency" && !metric.bound.several && stat !== null ? shareOf(stat) : null;
  const share = metric.bound.kind === "binomial" ? right.kind === "value" && right.value : percentile && 1 - percentile;
  // Beside the champion no number of requests is known to be enough.
  const clean =
    right.kind === "value" && confidence !== null && typeof share === "number" ? zeroErrorRows(share, confidence) : 0;
  const needed = Math.max(least, clean);
  if (requests >= needed) return [];
  const why = needed === least ? "never be judged" : "never pass, even without one request over or failed";
  const message = `this can ${why}: it needs ${grouped(needed)} requests, the load run has ${grouped(requests)}`;
  const hint = "raise load.rate or load.duration, or ask less confidence";
  return [{ message, hint, column: needed === least ? at.metric : at.confidence }];
};
