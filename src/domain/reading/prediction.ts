/** One row's prediction. */
export interface Prediction {
  /** Index into the classes, number, mark of each class, text or vector, by the task. */
  value: number | Uint8Array | string | Float64Array;
  /** Probabilities by class, or null when only labels are served; generation: natural log of each token's probability. */
  scores: readonly number[] | null;
  /** What was served beside the label and is no distribution: its sum, which says how it is not; null otherwise. */
  oddSum: number | null;
}
