import type { HandedOver, LegCommand } from "../domain/hand-over.ts";

/** Which record: of a model's command, in a run up to an attempt. */
export interface HandedOverKey {
  /** The run's id, digits; or another word without a dot for what belongs to no run. */
  run: string;
  /** The newest attempt that counts; jobs that did not run again have records of earlier ones. */
  attempt: number;
  model: string;
  command: LegCommand;
}

/** Records that the jobs of a workflow run leave for each other, beside the images. */
export interface HandOver {
  /** Leaves a record; one of the same attempt is replaced. */
  leave(run: string, record: HandedOver, signal: AbortSignal): Promise<void>;
  /** The newest record; null when there is none. @throws UserError `hand-over.damaged` when it is not about what was asked. */
  find(key: HandedOverKey, signal: AbortSignal): Promise<HandedOver | null>;
}
