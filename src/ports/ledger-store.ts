import type { LedgerEntry } from "../domain/ledger.ts";
import type { Problem } from "../domain/problem.ts";

/** Held while an environment is changed. Disposing gives it back. */
export interface Lease extends AsyncDisposable {
  /** Names this one taking of the environment; entries written under it carry it. */
  readonly id: string;
  readonly owner: string;
  readonly expires: Date;
}

/** A history and all that does not hold in it. */
export interface LedgerAudit {
  entries: readonly LedgerEntry[];
  /** Each names the entry it is about. Empty: every entry, link, checkpoint and hint holds. */
  breaches: readonly Problem[];
}

/** The history of each environment, kept beside the images. */
export interface LedgerStore {
  /**
   * All entries of an environment in the order every reader derives ({@link file://../domain/history.ts}).
   * @throws UserError `ledger.broken` with a problem for each entry that is gone or was changed.
   */
  read(environment: string, signal: AbortSignal): Promise<readonly LedgerEntry[]>;
  /** Adds an entry; the same entry twice is once. It never takes anything away: who wrote at the same time is beside it. */
  append(entry: LedgerEntry, signal: AbortSignal): Promise<void>;
  /** Reads every entry itself, past all shortcuts, and names what does not hold instead of throwing. */
  audit(environment: string, signal: AbortSignal): Promise<LedgerAudit>;
  /** Takes the environment for one act. @throws WorldError `promote.locked`, naming the holder and the expiry. */
  lease(environment: string, owner: string, milliseconds: number, signal: AbortSignal): Promise<Lease>;
}
