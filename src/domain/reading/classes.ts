import type { Tensor } from "../tensor.ts";
import { isFloat } from "../values.ts";
import { finiteNumbers, type ReadingPlan } from "./outputs.ts";
import type { Prediction } from "./prediction.ts";

/** Probabilities must sum to 1 within this. */
const sumTolerance = 1e-3;

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

/** One class: as probabilities, a label or its index. @throws RangeError */
export function readClass(tensor: Tensor, plan: ReadingPlan): Prediction {
  if (isFloat(tensor.dtype)) return fromScores(finiteNumbers(tensor), plan);
  if (tensor.data.length !== 1) throw new RangeError(`the answer has ${tensor.data.length} labels for one row`);
  return { value: classOf(tensor.data[0]!, plan.classes), scores: null, oddSum: null };
}

/** Marks of the classes that are named. @throws RangeError when a name is no class. */
export function marksOf(names: readonly Tensor["data"][number][], classes: readonly string[]): Uint8Array {
  const marks = new Uint8Array(classes.length);
  for (const name of names) marks[classOf(name, classes)] = 1;
  return marks;
}

/** Several classes: a score for each, a 0 or 1 for each, or the names of those that apply. @throws RangeError */
export function readClasses(tensor: Tensor, { classes, threshold }: ReadingPlan): Prediction {
  if (tensor.dtype === "string") return { value: marksOf(tensor.data, classes), scores: null, oddSum: null };
  const scores = finiteNumbers(tensor);
  if (scores.length !== classes.length)
    throw new RangeError(`the answer has ${scores.length} values, and there are ${classes.length} classes`);
  const odd = scores.find((score) => score < 0 || score > 1);
  if (odd !== undefined) throw new RangeError(`the score ${odd} is not a probability; serve one for each class`);
  const served = isFloat(tensor.dtype) ? scores : null;
  return { value: Uint8Array.from(scores, (score) => (score >= threshold ? 1 : 0)), scores: served, oddSum: null };
}
