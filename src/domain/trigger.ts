/** What started a command, as far as it tells what may have changed. */
export interface Trigger {
  /** The event in GitHub's words (`push`, `schedule` …), or `terminal`. */
  event: string;
  /**
   * `moved`: a branch went from one commit to another (push, merge queue). `proposed`: a pull request, to be compared with where it
   * parted from its base. `asked`: nothing says what changed, so everything is meant (dispatch, schedule, terminal).
   */
  kind: "moved" | "proposed" | "asked";
  /** The commit or ref to compare with; null: there is none, as for a branch that is new. */
  base: string | null;
  /** The commit that is looked at; null: the files as they lie in the working folder. */
  head: string | null;
}

/** A job of a workflow run. A run's jobs share its id, also when some of them run again. */
export interface Job {
  /** The run's id, digits. */
  run: string;
  /** Counts the run's attempts from 1: jobs that run again have a higher one than those that do not. */
  attempt: number;
  trigger: Trigger;
}

/** Nothing is known of what changed: everything is meant. */
export const askedBy = (event: string): Trigger => ({ event, kind: "asked", base: null, head: null });
