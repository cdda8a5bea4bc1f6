import type { Answers, Task } from "./observations/observations.ts";
import type { Tensor, Tensors } from "./tensor.ts";
import { isFloat } from "./values.ts";

/** How an endpoint's outputs are read as predictions. */
export interface ReadingPlan {
  task: Task;
  /** In the order of the probabilities; binary: [negative, positive]. */
  classes: readonly string[];
  /** The output to read; null: the only one, or the only one that fits. */
  output: string | null;
  /** Binary: scores from here on mean the positive class. */
  threshold: number;
}

/** One row's prediction. `scores` are probabilities by class, or null when only a label is served. */
export interface Prediction {
  /** Index into the classes, or the value of a regression. */
  value: number;
  scores: readonly number[] | null;
  /** What was served beside the label and is no distribution: its sum, which says how it is not; null otherwise. */
  oddSum: number | null;
}

/** Probabilities must sum to 1 within this. */
const sumTolerance = 1e-3;

function pick(outputs: Tensors, { output, task }: ReadingPlan): Tensor {
  const names = Object.keys(outputs);
  if (output !== null) {
    if (!outputs[output]) throw new RangeError(`the answer has no output "${output}"; it has ${names.join(", ")}`);
    return outputs[output];
  }
  if (names.length === 1) return outputs[names[0]!]!;
  const floats = names.filter((name) => isFloat(outputs[name]!.dtype));
  if (task !== "regression" && floats.length === 1) return outputs[floats[0]!]!;
  throw new RangeError(`the answer has several outputs (${names.join(", ")}); say which one in evaluate.output`);
}

const finite = (values: readonly number[]): readonly number[] => {
  const index = values.findIndex((value) => !Number.isFinite(value));
  if (index >= 0) throw new RangeError(`value ${index} of the answer is ${values[index]}`);
  return values;
};

function classOf(element: Tensor["data"][number], classes: readonly string[]): number {
  const index = typeof element === "string" ? classes.indexOf(element) : Number(element);
  if (!Number.isInteger(index) || index < 0 || index >= classes.length)
    throw new RangeError(`the answer "${String(element)}" is none of the ${classes.length} classes`);
  return index;
}

function fromScores(scores: readonly number[], { task, classes, threshold }: ReadingPlan): Prediction {
  if (task === "binary" && scores.length === 1) {
    const [score] = scores as [number];
    if (score < 0 || score > 1)
      throw new RangeError(`the score ${score} is not a probability; serve one, or the class`);
    return { value: score >= threshold ? 1 : 0, scores: [1 - score, score], oddSum: null };
  }
  if (scores.length !== classes.length)
    throw new RangeError(`the answer has ${scores.length} values, and there are ${classes.length} classes`);
  const sum = scores.reduce((total, score) => total + score, 0);
  const probable =
    Math.abs(sum - 1) <= sumTolerance && scores.every((score) => score >= -sumTolerance && score <= 1 + sumTolerance);
  const best = scores.reduce((top, score, index) => (score > scores[top]! ? index : top), 0);
  const value = task === "binary" && probable ? (scores[1]! >= threshold ? 1 : 0) : best;
  // What is not a distribution still orders the classes, but no metric of probabilities may use it.
  return { value, scores: probable ? scores : null, oddSum: probable ? null : sum };
}

/**
 * Reads one row's answer (a batch of one). @throws RangeError when it is not what the task needs: another number of values, NaN,
 * a class that does not exist.
 */
export function readPrediction(outputs: Tensors, plan: ReadingPlan): Prediction {
  const tensor = pick(outputs, plan);
  if (plan.task === "regression") {
    if (tensor.data.length !== 1)
      throw new RangeError(`the answer has ${tensor.data.length} values, and a regression has one`);
    return { value: finite(tensor.data.map(Number))[0]!, scores: null, oddSum: null };
  }
  if (isFloat(tensor.dtype)) return fromScores(finite(tensor.data.map(Number)), plan);
  if (tensor.data.length !== 1) throw new RangeError(`the answer has ${tensor.data.length} labels for one row`);
  return { value: classOf(tensor.data[0]!, plan.classes), scores: null, oddSum: null };
}

/** Predictions of all rows, columnar. Scores are kept only when every row has them. */
export function answersOf(predictions: readonly Prediction[], task: Task): Answers {
  if (task === "regression") return { task, values: Float64Array.from(predictions, ({ value }) => value) };
  const scored = predictions.every(({ scores }) => scores !== null);
  if (task === "binary")
    return {
      task,
      labels: Uint8Array.from(predictions, ({ value }) => value),
      scores: scored ? Float64Array.from(predictions, ({ scores }) => scores![1]!) : null,
    };
  return {
    task,
    labels: Int32Array.from(predictions, ({ value }) => value),
    probabilities: scored ? predictions.map(({ scores }) => Float64Array.from(scores!)) : null,
  };
}

/** The ground truth of a label: class index, 0 or 1, or the number. @throws RangeError */
export function truthOf(label: string, { task, classes }: ReadingPlan): number {
  if (task !== "regression") {
    const index = classes.indexOf(label);
    if (index < 0)
      throw new RangeError(`the label "${label.slice(0, 40)}" is none of the classes ${classes.join(", ")}`);
    return index;
  }
  const value = Number(label);
  if (!Number.isFinite(value)) throw new RangeError(`the label "${label.slice(0, 40)}" is not a finite number`);
  return value;
}

/** A prediction for people: the class's name, or the number. */
export const shownPrediction = ({ value }: Prediction, { task, classes }: ReadingPlan): string =>
  task === "regression" ? String(value) : (classes[value] ?? String(value));
