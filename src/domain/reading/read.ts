import { canonicalJson } from "../canonical.ts";
import type { Tensors } from "../tensor.ts";
import { readClass, readClasses } from "./classes.ts";
import { finiteNumbers, outputOf, type ReadingPlan } from "./outputs.ts";
import type { Prediction } from "./prediction.ts";

const alone = (value: Prediction["value"]): Prediction => ({ value, scores: null, oddSum: null });

function readNumber(outputs: Tensors, plan: ReadingPlan): Prediction {
  const { data } = outputOf(outputs, plan);
  if (data.length !== 1) throw new RangeError(`the answer has ${data.length} values, and a ${plan.task} has one`);
  return alone(finiteNumbers({ data })[0]!);
}

function readText(outputs: Tensors, plan: ReadingPlan): Prediction {
  const { data } = outputOf(outputs, plan);
  if (data.length !== 1 || typeof data[0] !== "string")
    throw new RangeError(`the answer has ${data.length} values, and one text is wanted`);
  const logprobs = outputs["logprobs"];
  return { ...alone(data[0]), scores: logprobs ? finiteNumbers(logprobs) : null };
}

function readVector(outputs: Tensors, plan: ReadingPlan): Prediction {
  const vector = finiteNumbers(outputOf(outputs, plan));
  if (vector.length < 2) throw new RangeError(`the answer has ${vector.length} values, and an embedding has more`);
  return alone(Float64Array.from(vector));
}

/**
 * Reads one row's answer (a batch of one). @throws RangeError when it is not what the task needs: another number of values, NaN,
 * a class that does not exist.
 */
export function readPrediction(outputs: Tensors, plan: ReadingPlan): Prediction {
  switch (plan.task) {
    case "binary":
    case "multiclass":
      return readClass(outputOf(outputs, plan), plan);
    case "multilabel":
      return readClasses(outputOf(outputs, plan), plan);
    case "regression":
    case "ranking":
      return readNumber(outputs, plan);
    case "generation":
      return readText(outputs, plan);
    case "embedding":
      return readVector(outputs, plan);
  }
}

/** A prediction for people: the class's name, the names of several, the number, or the text. */
export function shownPrediction({ value }: Prediction, { task, classes }: ReadingPlan): string {
  if (value instanceof Uint8Array) return classes.filter((_, index) => value[index] === 1).join(", ");
  if (value instanceof Float64Array) return canonicalJson([...value]);
  return task === "binary" || task === "multiclass" ? (classes[Number(value)] ?? String(value)) : String(value);
}
