import type { LoadPlan } from "../../domain/schedule.ts";
import { loadSummary } from "../../domain/statistics/load-numbers.ts";
import type { Sent } from "../../ports/crew.ts";
import { inFlightLimit } from "./options.ts";

/** Requests a second that a plan offers; null where answers set the pace. */
export function offeredRate(plan: LoadPlan): number | null {
  if (plan.profile === "server" || plan.profile === "constant") return plan.ratePerSecond;
  if (plan.profile !== "replay") return null;
  const last = plan.times.at(-1) ?? 0;
  return last > 0 ? (plan.times.length / last) * 1000 : null;
}

/** Milliseconds in which a plan sends; null where answers set the pace. */
function lasting(plan: LoadPlan): number | null {
  if (plan.profile === "replay") return plan.times.at(-1) ?? 0;
  return plan.profile === "server" || plan.profile === "constant" ? plan.milliseconds : null;
}

/** Why the generator, not the model, shaped the numbers, or null (gate specification, 2.4). */
export function selfCheck({ events, planned, unsent }: Sent, plan: LoadPlan, tightestBound: number | null) {
  if (planned === 0) return "the schedule is empty: raise the rate or the duration";
  if (events.length === 0) return "not one request was sent";
  const capped = `${unsent} of ${planned} requests were not sent: ${inFlightLimit} were in flight already`;
  if (unsent > 0.01 * planned) return capped;
  const { achieved, lagP99 } = loadSummary(events, Number.POSITIVE_INFINITY);
  const milliseconds = lasting(plan);
  const offered = milliseconds === null ? 0 : planned / (milliseconds / 1000);
  if (unsent > 0 && achieved < 0.98 * offered)
    return `${capped}, and ${achieved.toFixed(1)} of ${offered.toFixed(1)} a second were answered`;
  // What is offline waits by design: all was meant to leave at once.
  if (plan.profile === "offline") return null;
  const allowed = Math.max(2, 0.05 * (tightestBound ?? 0));
  return lagP99 > allowed
    ? `the generator lagged: p99 of sent minus intended is ${lagP99.toFixed(1)} ms, and ${allowed.toFixed(1)} ms is allowed`
    : null;
}
