import { checkOf } from "../domain/gate/decide.ts";
import { GateSyntaxError, type ParsedCheck } from "../domain/gate/parse.ts";
import type { FindMax } from "../domain/load-search.ts";
import { metricNamed } from "../domain/metrics/index.ts";
import { shareOf } from "../domain/metrics/load.ts";
import { mostRequests } from "../domain/schedule.ts";
import { zeroErrorRows } from "../domain/statistics/power.ts";
import type { Report } from "./report.ts";
import type { Written } from "./schema.ts";

type Load = NonNullable<Written["load"]>;
type Search = NonNullable<Load["find-max"]>;

/** A search with its units resolved. */
export const findMaxOf = (search: Search): FindMax => ({
  slo: search.slo,
  from: search.from,
  to: search.to,
  precision: search.precision ?? 0.1,
  trialMilliseconds: search.trial ?? 15_000,
  confirmMilliseconds: search.confirm ?? 60_000,
});

/** Why a check is no objective of a search, or null. */
function noObjective({ metric: name, stat, right, op, confidence, by, min }: ParsedCheck): string | null {
  const metric = metricNamed(name);
  const timed = metric?.bound.kind === "latency" && stat !== null && shareOf(stat) !== null;
  if (metric?.kind !== "run" || (!timed && name !== "error_rate"))
    return "name a percentile of a time (latency.p99), or error_rate";
  if (right.kind !== "value" || (op !== "<=" && op !== "<")) return "compare with a number by <=";
  if (timed && right.unit !== "ms") return "give the time a unit, such as 250ms";
  return confidence !== null || by.length > 0 || min !== null
    ? "leave out @, by and [min]: the best rate is confirmed with 95% confidence"
    : null;
}

/** Requests without one over that show an objective in a confirmation. */
function needed({ stat, right }: ParsedCheck): number {
  const share = stat === null ? (right.kind === "value" ? right.value : 1) : 1 - shareOf(stat)!;
  return share > 0 && share < 1 ? zeroErrorRows(share, 0.95) : 30;
}

/** What in `load.find-max` cannot be tried, or contradicts itself. */
export function findMaxProblems(load: Load, report: Report): void {
  const search = load["find-max"];
  if (!search) return;
  const at = ["load", "find-max"];
  const plan = findMaxOf(search);
  let least = 30;
  for (const [index, text] of search.slo.entries())
    try {
      const { parsed } = checkOf(text);
      const wrong = noObjective(parsed);
      if (wrong !== null)
        report.gate(
          [...at, "slo", index],
          `"${text}" is no objective of a search`,
          `${wrong[0]!.toUpperCase()}${wrong.slice(1)}.`,
          1,
        );
      else least = Math.max(least, needed(parsed));
    } catch (error) {
      if (!(error instanceof GateSyntaxError)) throw error;
      report.gate([...at, "slo", index], error.message, error.hint, error.column);
    }
  if (plan.to < plan.from)
    report.value([...at, "to"], "load.find-max.to is below load.find-max.from", "Write the greater rate under to.");
  if (!(plan.precision > 0))
    report.value([...at, "precision"], "load.find-max.precision is 0", "Write a share such as 10%.");
  const requests = (plan.from * plan.confirmMilliseconds) / 1000;
  if (requests < least)
    report.value(
      [...at, "slo"],
      `load.find-max can confirm nothing: at ${plan.from} a second ${plan.confirmMilliseconds / 1000} s make ${Math.floor(requests)} requests, and ${least} are needed`,
      "Raise confirm or from.",
    );
  if ((plan.to * Math.max(plan.confirmMilliseconds, plan.trialMilliseconds)) / 1000 > mostRequests)
    report.value(
      [...at, "to"],
      `load.find-max asks for a trial of more than ${mostRequests} requests`,
      "Lower to, trial or confirm.",
    );
}
