import type { Runner } from "./compare.ts";
import { driftRunners } from "./drift.ts";
import { gateRunners } from "./gate.ts";
import { statisticsRunners } from "./statistics.ts";
import { taskRunners } from "./tasks.ts";
import { textRunners } from "./text.ts";

/** Vector file name → what the shipped code gets for the input of a case. */
export const runners: Readonly<Record<string, Runner>> = {
  ...statisticsRunners,
  ...taskRunners,
  ...gateRunners,
  ...driftRunners,
  ...textRunners,
};
