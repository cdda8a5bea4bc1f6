import { type DeclaredMetric, type DeclaredMetrics, limitsOf } from "../outside/declared.ts";
import type { Measured, Outside, OutsideMetric } from "../outside/measured.ts";

/** Where a range has no end: beyond any bound that is meant. */
const extreme = 1e12;

const clipped = (end: number): number => Math.min(Math.max(end, -extreme), extreme);

/** The best, or the worst, that a metric can be, on so many rows. */
function endOf(metric: DeclaredMetric, best: boolean, rows: number): Measured {
  const [least, most] = limitsOf(metric);
  const value = clipped((metric.direction === "higher") === best ? most : least);
  return { value, scores: metric.about === "operation" ? null : Array.from({ length: rows }, () => value) };
}

/** Measurements from outside that are as bad as can be, or as good, beside a champion that is as good as can be. */
export const outsideAt = (declared: DeclaredMetrics, rows: number, best = false): Outside =>
  Object.fromEntries(
    Object.entries(declared).map(([name, { unit, direction, range, about }]) => {
      const metric = { unit, direction, range, ...(about && { about }) };
      return [name, { ...metric, candidate: endOf(metric, best, rows), champion: endOf(metric, true, rows) }];
    }),
  );

const of = (outside: Outside, about: OutsideMetric["about"]): Outside =>
  Object.fromEntries(Object.entries(outside).filter(([, metric]) => metric.about === about));

/** Bad measurements of answers, with those of operation as they were measured, and bad ones of operation alone. */
export const badOutside = (outside: Outside, rows: number): { answers: Outside; operation: Outside } => ({
  answers: { ...outside, ...outsideAt(of(outside, undefined), rows) },
  operation: outsideAt(of(outside, "operation"), rows),
});
