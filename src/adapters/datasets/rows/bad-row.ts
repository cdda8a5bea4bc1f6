/** One thing that is wrong with a row: the column, what, and what to do. */
export class BadRow extends Error {
  readonly key: string;
  readonly hint: string;
  constructor(key: string, message: string, hint: string) {
    super(message);
    this.name = "BadRow";
    this.key = key;
    this.hint = hint;
  }
}
