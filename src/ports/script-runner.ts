/** A script to be run. */
export interface ScriptCall {
  /** The program and its words. */
  words: readonly string[];
  /** Variables that tell it what to measure. */
  told: Readonly<Record<string, string>>;
  /** Names of variables of our own environment that it gets, too. Their values are secrets. */
  passed: readonly string[];
  milliseconds: number;
}

/** What a script left: its output, or in words why there is none. `log`: the end of what it said beside it. */
export interface ScriptEnd {
  output: string | null;
  failure: string | null;
  log: string;
}

/** Runs the scripts of the user. */
export interface ScriptRunner {
  /**
   * Runs a script to its end, or ends it when its time is over, and all that it started with it. Its output is what it wrote to
   * the file MODELGATE_OUTPUT, else what it printed. Values of passed variables are in no word that comes back.
   * @throws the signal's reason when it aborts.
   */
  run(call: ScriptCall, signal: AbortSignal): Promise<ScriptEnd>;
}
