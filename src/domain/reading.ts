import type { Answers, Task } from "./observations/observations.ts";
import type { Prediction } from "./reading/prediction.ts";

export type { ReadingPlan } from "./reading/outputs.ts";
export type { Prediction } from "./reading/prediction.ts";
export { readPrediction, shownPrediction } from "./reading/read.ts";
export { type Label, truthOf, truthsOf } from "./reading/truth.ts";

const vectors = (predictions: readonly Prediction[]): Float64Array[] =>
  predictions.map(({ value }) => value as Float64Array);

/**
 * Predictions of all rows, columnar. Scores are kept only when every row has them.
 * @param partners predictions for the other texts of pairs (embedding); null when the rows are no pairs.
 */
export function answersOf(
  predictions: readonly Prediction[],
  task: Task,
  partners: readonly Prediction[] | null = null,
): Answers {
  const scored = predictions.every(({ scores }) => scores !== null);
  const scores = (): Float64Array[] => predictions.map((one) => Float64Array.from(one.scores!));
  const numbers = (): number[] => predictions.map(({ value }) => Number(value));
  switch (task) {
    case "regression":
    case "ranking":
      return { task, values: Float64Array.from(numbers()) };
    case "binary": {
      const positive = scored ? Float64Array.from(predictions, (one) => one.scores![1]!) : null;
      return { task, labels: Uint8Array.from(numbers()), scores: positive };
    }
    case "multiclass":
      return { task, labels: Int32Array.from(numbers()), probabilities: scored ? scores() : null };
    case "multilabel":
      return {
        task,
        labels: predictions.map(({ value }) => value as Uint8Array),
        scores: scored ? scores() : null,
      };
    case "generation":
      return { task, texts: predictions.map(({ value }) => String(value)), logprobs: scored ? scores() : null };
    case "embedding":
      return { task, vectors: vectors(predictions), partners: partners && vectors(partners) };
  }
}
