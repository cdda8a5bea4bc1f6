import type { Answers, Truth } from "../observations/observations.ts";
import type { Rows } from "./metric.ts";

/** The answers of some rows, in the order given. */
export function selectAnswers(answers: Answers, rows: Uint32Array): Answers {
  const numbers = (values: Float64Array) => Float64Array.from(rows, (row) => values[row]!);
  const each = <T>(values: readonly T[]): T[] => Array.from(rows, (row) => values[row]!);
  switch (answers.task) {
    case "regression":
    case "ranking":
      return { ...answers, values: numbers(answers.values) };
    case "binary": {
      const labels = Uint8Array.from(rows, (row) => answers.labels[row]!);
      return { ...answers, labels, scores: answers.scores && numbers(answers.scores) };
    }
    case "multiclass": {
      const labels = Int32Array.from(rows, (row) => answers.labels[row]!);
      return { ...answers, labels, probabilities: answers.probabilities && each(answers.probabilities) };
    }
    case "multilabel":
      return { ...answers, labels: each(answers.labels), scores: answers.scores && each(answers.scores) };
    case "generation":
      return { ...answers, texts: each(answers.texts), logprobs: answers.logprobs && each(answers.logprobs) };
    case "embedding":
      return { ...answers, vectors: each(answers.vectors), partners: answers.partners && each(answers.partners) };
  }
}

/** The truth of some rows, in the order given. */
export const selectTruth = (truth: Truth, rows: Uint32Array): Truth =>
  truth instanceof Float64Array
    ? Float64Array.from(rows, (row) => truth[row]!)
    : (Array.from(rows, (row) => truth[row]!) as Truth);

/** Some rows, in the order given. */
export const selectRows = ({ truth, answers, classes, groups }: Rows, rows: Uint32Array): Rows => ({
  truth: selectTruth(truth, rows),
  answers: selectAnswers(answers, rows),
  classes,
  groups: groups && Int32Array.from(rows, (row) => groups[row]!),
});
