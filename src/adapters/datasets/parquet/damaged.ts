/** Why a Parquet file cannot be read: what is wrong, and what to do. */
export class Damaged extends Error {
  readonly hint: string;
  constructor(
    message: string,
    hint = "It may be cut off or damaged: write or fetch it again. If Git LFS keeps it, run git lfs pull.",
  ) {
    super(message);
    this.name = "Damaged";
    this.hint = hint;
  }
}
