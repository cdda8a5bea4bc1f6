import type { Answers } from "../observations/observations.ts";
import type { Rows } from "./metric.ts";

/** The answers of some rows, in the order given. */
export function selectAnswers(answers: Answers, rows: Uint32Array): Answers {
  const numbers = (values: Float64Array) => Float64Array.from(rows, (row) => values[row]!);
  if (answers.task === "regression") return { ...answers, values: numbers(answers.values) };
  if (answers.task === "binary") {
    const labels = Uint8Array.from(rows, (row) => answers.labels[row]!);
    return { ...answers, labels, scores: answers.scores && numbers(answers.scores) };
  }
  const { probabilities } = answers;
  const labels = Int32Array.from(rows, (row) => answers.labels[row]!);
  return { ...answers, labels, probabilities: probabilities && Array.from(rows, (row) => probabilities[row]!) };
}

/** Some rows, in the order given. */
export const selectRows = ({ truth, answers, classes }: Rows, rows: Uint32Array): Rows => ({
  truth: Float64Array.from(rows, (row) => truth[row]!),
  answers: selectAnswers(answers, rows),
  classes,
});
