import type { Image } from "./image.ts";
import type { CommandName } from "./request.ts";

/** The commands that leave a record for the jobs behind them, in the order of a release. */
export const legCommands = ["package", "deploy", "smoke", "evaluate", "gate", "run", "promote", "rollback"] as const;

export type LegCommand = (typeof legCommands)[number];

export const isLegCommand = (name: CommandName): name is LegCommand =>
  (legCommands as readonly string[]).includes(name);

/** What a command of a workflow run came to, for the jobs behind it. A claim: whoever may push to the repository can write it. */
export interface HandedOver {
  command: LegCommand;
  /** Name of the model. */
  model: string;
  /** The run's address, and which of its attempts wrote this. */
  run: string;
  attempt: number;
  commit: string | null;
  /** `error`: the command ended without an outcome, and the headline says why. */
  verdict: "pass" | "fail" | "inconclusive" | "error" | "none";
  headline: string;
  image: Image | null;
  url: string | null;
  at: string;
}
