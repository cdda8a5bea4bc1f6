import type { Runner } from "./compare.ts";
import { gateRunners } from "./gate.ts";
import { statisticsRunners } from "./statistics.ts";

/** Vector file name → what the shipped code gets for the input of a case. */
export const runners: Readonly<Record<string, Runner>> = { ...statisticsRunners, ...gateRunners };
