import type { LedgerEntry } from "../domain/ledger.ts";

/** Held while an environment is changed. Disposing gives it back. */
export interface Lease extends AsyncDisposable {
  readonly owner: string;
  readonly expires: Date;
}

/** The history of each environment, kept beside the images. */
export interface LedgerStore {
  /** All entries of an environment from first to last. @throws UserError `ledger.broken` when the chain does not hold. */
  read(environment: string, signal: AbortSignal): Promise<readonly LedgerEntry[]>;
  /**
   * Adds an entry behind `entry.previous`.
   * @throws WorldError `promote.locked` when somebody else added one in between.
   */
  append(entry: LedgerEntry, signal: AbortSignal): Promise<void>;
  /** Takes the environment for one act. @throws WorldError `promote.locked`, naming the holder and the expiry. */
  lease(environment: string, owner: string, milliseconds: number, signal: AbortSignal): Promise<Lease>;
}
