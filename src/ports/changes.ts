import type { History } from "../domain/comparison.ts";

/** The repository that modelgate runs in. Paths have `/` and begin at its root. */
export interface Repository {
  /** Where we are in it; empty at its root. */
  prefix: string;
  /** The root as an absolute path. */
  root: string;
  /** All files that are versioned; a submodule is one. With `untracked` those that are not, and not ignored, too. */
  files: readonly string[];
  /** Symbolic links among them, and what each says. */
  links: ReadonlyMap<string, string>;
}

/** What changed, as version control knows it. */
export interface Changes {
  readonly kind: string;
  /** @throws UserError `plan.no-repository` */
  repository(options: { untracked: boolean }, signal: AbortSignal): Promise<Repository>;
  /** The files that a pattern names, from where we are: `*` within a folder, `**` over folders; a folder means all files in it. */
  find(pattern: string, options: { untracked: boolean }, signal: AbortSignal): Promise<readonly string[]>;
  /** How two commits or refs lie to each other. A null head is the working folder. */
  history(base: string, head: string | null, signal: AbortSignal): Promise<History>;
  /**
   * Every path that is not the same in both: changed, added, removed, another mode, both names of a renamed file. A null `to` is
   * the working folder.
   */
  between(from: string, to: string | null, signal: AbortSignal): Promise<readonly string[]>;
}
