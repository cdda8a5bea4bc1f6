/** The branch that nobody changes without review, as far as it is known here. */
export interface ProtectedBranch {
  /** Its newest commit that is known; null when none is, or when there is no repository. */
  commit(branch: string, signal: AbortSignal): Promise<string | null>;
  /** A text file as it is there; null when there is none. */
  text(commit: string, path: string, signal: AbortSignal): Promise<string | null>;
  /** Whether a file lies here as it is there. */
  isSame(commit: string, path: string, signal: AbortSignal): Promise<boolean>;
}
