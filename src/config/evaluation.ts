import { datasets, takesColumn } from "../adapters/datasets/index.ts";
import { type Task } from "../domain/observations/observations.ts";
import { outsideProblems, ruleProblems } from "./measured-outside.ts";
import type { Report } from "./report.ts";
import type { Written } from "./schema.ts";

type Evaluate = NonNullable<Written["evaluate"]>;

/** The task that is meant: `classification` is told by the number of classes. */
export const taskOf = ({ task, classes = [] }: Pick<Evaluate, "task" | "classes">): Task =>
  task !== "classification" ? task : classes.length === 2 ? "binary" : "multiclass";

/** Whether rows of a task are of classes. */
export const hasClasses = (task: Task): boolean => task === "binary" || task === "multiclass" || task === "multilabel";

const classesAt = ["evaluate", "classes"];
const positiveAt = ["evaluate", "positive"];

function positiveProblems({ positive, classes = [] }: Evaluate, report: Report): void {
  if (positive === undefined || classes[1] === positive) return;
  if (!classes.includes(positive))
    report.value(
      positiveAt,
      `the positive class "${positive}" is not among the classes`,
      `Allowed: ${classes.join(", ")}.`,
    );
  else
    report.value(
      positiveAt,
      `the positive class "${positive}" is not the second of evaluate.classes`,
      `Write classes: [${classes.toReversed().join(", ")}] when the model's probabilities have that order; else set task: multiclass.`,
    );
}

function classProblems(evaluate: Evaluate, report: Report): void {
  const { classes = [], positive } = evaluate;
  const task = taskOf(evaluate);
  if (!hasClasses(task)) {
    if (classes.length > 0)
      report.value(
        classesAt,
        `evaluate.classes is given, and a ${task} task has none`,
        "Remove it, or write task: classification.",
      );
  } else if (classes.length === 0)
    report.missing(
      classesAt,
      "evaluate.classes is missing",
      "Add evaluate.classes: a list of the class names in the order of the model's probabilities.",
    );
  const twice = classes.find((name, index) => classes.indexOf(name) < index);
  if (twice !== undefined)
    report.value(
      [...classesAt, classes.lastIndexOf(twice)],
      `the class "${twice}" stands twice in evaluate.classes`,
      "Name each class once.",
    );
  if (task === "binary" && classes.length > 2)
    report.value(
      classesAt,
      `evaluate.classes has ${classes.length} classes, and a binary task has two`,
      "Write task: multiclass, or list two classes.",
    );
  if (task === "binary") positiveProblems(evaluate, report);
  else if (positive !== undefined)
    report.value(
      positiveAt,
      `evaluate.positive is given, and a ${task} task has no positive class`,
      "Remove it, or write task: binary.",
    );
}

/** Columns of inputs, with the key they stand under. */
const entriesAt = (key: string, inputs: Readonly<Record<string, string>>) =>
  Object.entries(inputs).map(([input, pattern]) => ({ key, input, pattern }));

/** What rows of a ranking or of an embedding need, and rows of other tasks have no use for. */
function rowProblems({ task, group, partners }: Evaluate, report: Report): void {
  if (task === "ranking" && group === undefined)
    report.missing(
      ["evaluate", "group"],
      "evaluate.group is missing: a ranking is measured query by query",
      "Add evaluate.group: the column that names the query of each row.",
    );
  if (task !== "embedding" && partners !== undefined)
    report.value(
      ["evaluate", "partners"],
      `evaluate.partners is given, and rows of a ${task} task are no pairs`,
      "Remove it, or write task: embedding.",
    );
}

/** A split is of a folder: of a single file it would be passed over in silence. */
function splitProblems({ data, split }: Evaluate, report: Report): void {
  if (split === undefined || datasets.folder.recognises(data)) return;
  report.value(
    ["evaluate", "split"],
    `evaluate.split is given, and ${data} is a file`,
    "Remove it, or name the folder of the files in evaluate.data, with a / at its end.",
  );
}

/** What contradicts itself in `evaluate`. */
export function evaluateProblems(evaluate: Evaluate, report: Report): void {
  classProblems(evaluate, report);
  rowProblems(evaluate, report);
  outsideProblems(evaluate, report);
  ruleProblems(evaluate, report);
  splitProblems(evaluate, report);
  const { inputs, partners = {}, label } = evaluate;
  const named = [...entriesAt("inputs", inputs), ...entriesAt("partners", partners)];
  for (const { key, input, pattern } of named)
    if (takesColumn(pattern, label))
      report.value(
        ["evaluate", key, input],
        `evaluate.${key}.${input} takes the label: "${pattern}" fits the column ${label}`,
        "Name columns without the right answer: a model that is told the answer passes every gate.",
      );
  if (evaluate["max-failed"] !== undefined && evaluate["failed-rows"] === "error")
    report.value(
      ["evaluate", "max-failed"],
      "evaluate.max-failed is given, and failed-rows: error allows no failed row",
      "Remove it, or write failed-rows: wrong or exclude.",
    );
}
