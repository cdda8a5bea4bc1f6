import type { Task } from "../observations/observations.ts";
import type { Tensor, Tensors } from "../tensor.ts";
import { isFloat } from "../values.ts";

/** How an endpoint's outputs are read as predictions. */
export interface ReadingPlan {
  task: Task;
  /** In the order of the probabilities; binary: [negative, positive]. */
  classes: readonly string[];
  /** The output to read; null: the only one, or the only one that fits. */
  output: string | null;
  /** Binary and multilabel: scores from here on mean the positive class. */
  threshold: number;
}

/** Where servers of text put it. */
const textOutput = "text";

/** The output that holds the prediction. @throws RangeError when the answer has none, or several that fit. */
export function outputOf(outputs: Tensors, { output, task }: ReadingPlan): Tensor {
  const names = Object.keys(outputs);
  if (output !== null) {
    if (!outputs[output]) throw new RangeError(`the answer has no output "${output}"; it has ${names.join(", ")}`);
    return outputs[output];
  }
  if (names.length === 1) return outputs[names[0]!]!;
  if (task === "generation" && outputs[textOutput]) return outputs[textOutput];
  const fits = names.filter((name) => (task === "generation") !== isFloat(outputs[name]!.dtype));
  if (task !== "regression" && fits.length === 1) return outputs[fits[0]!]!;
  throw new RangeError(`the answer has several outputs (${names.join(", ")}); say which one in evaluate.output`);
}

/** The numbers of a tensor. @throws RangeError when one is NaN or infinite. */
export function finiteNumbers({ data }: Pick<Tensor, "data">): readonly number[] {
  const values = data.map(Number);
  const index = values.findIndex((value) => !Number.isFinite(value));
  if (index >= 0) throw new RangeError(`value ${index} of the answer is ${values[index]}`);
  return values;
}
