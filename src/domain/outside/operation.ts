import { metricNamed } from "../metrics/index.ts";
import type { DeclaredMetric, DeclaredMetrics } from "./declared.ts";

const operation = (unit: DeclaredMetric["unit"]): DeclaredMetric => ({
  unit,
  direction: "lower",
  range: [0, null],
  about: "operation",
});

/** What running a release takes, whatever it answers. Measured where a gate names it. */
export const operations = {
  /** Bytes of the image as they are pulled. */
  "image.size": operation("bytes"),
  /** Milliseconds from the order to start until it is ready, with the image there. */
  cold_start: { ...operation("ms"), alone: true },
  /** The most memory it was seen to take while it was measured. */
  "memory.max": { ...operation("bytes"), alone: true },
  /** What 1,000 answers cost at the throughput of the load test, in the currency of the price. */
  cost_per_1k: { ...operation("score"), alone: true },
} as const satisfies DeclaredMetrics;

export type Operation = keyof typeof operations;

/** Whether a source of this name would have a metric that means something else already. */
export const isTaken = (source: string): boolean =>
  metricNamed(source) !== undefined ||
  Object.keys(operations).some((name) => name === source || name.startsWith(`${source}.`));
