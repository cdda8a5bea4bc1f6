/** How a model is made of another. */
export interface Conversion {
  /** The program and its words. */
  run: readonly string[];
  /** The tool, pinned: `name==version`, a Python distribution of the program, or `sha256:…`, the program itself. */
  tool: string;
  /** The name of what is made. */
  to: string;
  env: readonly string[];
  timeoutMilliseconds: number;
}
