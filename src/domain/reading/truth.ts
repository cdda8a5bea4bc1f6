import type { Truth } from "../observations/observations.ts";
import { marksOf } from "./classes.ts";
import type { ReadingPlan } from "./outputs.ts";

/** A label as a data set has it: a text, texts (multilabel, generation) or numbers (embedding). */
export type Label = string | readonly string[] | readonly number[];

/** The truth of one row. */
type TrueEntry = Truth[number];

const shownLength = 40;

function classIndex(label: string, classes: readonly string[]): number {
  const index = classes.indexOf(label);
  if (index >= 0) return index;
  throw new RangeError(`the label "${label.slice(0, shownLength)}" is none of the classes ${classes.join(", ")}`);
}

function trueNumber(label: string): number {
  const value = label.trim() === "" ? Number.NaN : Number(label);
  if (Number.isFinite(value)) return value;
  throw new RangeError(`the label "${label.slice(0, shownLength)}" is not a finite number`);
}

function grade(label: string): number {
  const value = trueNumber(label);
  if (value >= 0) return value;
  throw new RangeError(`the grade ${value} is below 0: a grade says how relevant an item is`);
}

const texts = (label: Label): readonly string[] => (typeof label === "string" ? [label] : label.map(String));
const text = (label: Label): string => {
  if (typeof label === "string") return label;
  throw new RangeError("the label is a list, and one value is wanted");
};

/** The ground truth of a label: class index, 0 or 1, number, marks, texts or vector, by the task. @throws RangeError */
export function truthOf(label: Label, { task, classes }: Pick<ReadingPlan, "task" | "classes">): TrueEntry {
  switch (task) {
    case "binary":
    case "multiclass":
      return classIndex(text(label), classes);
    case "multilabel":
      return marksOf(
        texts(label).map((name) => classIndex(name, classes)),
        classes,
      );
    case "regression":
      return trueNumber(text(label));
    case "ranking":
      return grade(text(label));
    case "generation":
      if (label.length === 0 && typeof label !== "string") throw new RangeError("the label is an empty list of texts");
      return texts(label);
    case "embedding":
      return typeof label === "string" ? trueNumber(label) : Float64Array.from(label, Number);
  }
}

/** The truth of all rows, as metrics take it. @throws RangeError when rows hold different kinds of label. */
export function truthsOf(entries: readonly TrueEntry[]): Truth {
  if (entries.every((entry) => typeof entry === "number")) return Float64Array.from(entries);
  if (entries.some((entry) => typeof entry === "number"))
    throw new RangeError("some labels are numbers, and some are lists");
  return entries as Truth;
}
