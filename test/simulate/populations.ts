import { normalCdf, normalQuantile } from "../../src/domain/statistics/special.ts";
import type { Cells } from "./worlds.ts";

/** How much higher normal scores of positives lie for an area under the ROC curve. */
export const shiftOf = (area: number): number => Math.SQRT2 * normalQuantile(area);

/** Average precision of normal scores in endless data: precision over recall, by the midpoint rule. */
export function averagePrecision(share: number, shift: number): number {
  const steps = 2000;
  let sum = 0;
  for (let i = 0; i < steps; i++) {
    const recall = (i + 0.5) / steps;
    const alarms = normalCdf(normalQuantile(recall) - shift);
    sum += (share * recall) / (share * recall + (1 - share) * alarms);
  }
  return sum / steps;
}

/** Metrics of counts in endless data. */
export function countsOf({ hit, alarm, miss }: Cells) {
  const quiet = 1 - hit - alarm - miss;
  const [yes, found] = [hit + miss, hit + alarm];
  return {
    precision: hit / found,
    f1: (2 * hit) / (2 * hit + alarm + miss),
    mcc: (hit * quiet - alarm * miss) / Math.sqrt(yes * found * (1 - yes) * (1 - found)),
  };
}

/** The cells of a model with these chances to say yes, among a share of positives. */
export const cellsOf = (positive: number, { recall, alarm }: { recall: number; alarm: number }): Cells => ({
  hit: positive * recall,
  alarm: (1 - positive) * alarm,
  miss: positive * (1 - recall),
});

/** A number for the text of a check. */
export const written = (value: number): string => value.toFixed(12);
