import type { RunMetric } from "../metrics/metric.ts";
import type { ParsedCheck, Reference } from "./parse.ts";
import type { CheckProblem, Finder, LoadSetting, Setting } from "./setting.ts";

/** What a reference needs to be observed. */
const observable = (reference: Reference, column: number, { hasBaseline }: Setting): CheckProblem[] => {
  if (reference === "champion" || (reference === "baseline" && hasBaseline)) return [];
  const hint =
    reference === "baseline"
      ? "name the image of the other model as evaluate.baseline"
      : "compare with champion (what production runs) or with a number";
  return [{ message: `nothing is observed for "${reference}"`, hint, column }];
};

/** What is wrong with the model whose answers a check takes for the truth. */
export const against: Finder = ({ metric: name, against: other, right, at }, metric, setting) => {
  if (other === null) return [];
  const column = at.against;
  const problem = (message: string, hint: string) => [{ message: `${name} ${message}`, hint, column }];
  if (metric.kind !== "rows")
    return problem("is not measured on answers, so there are none to hold it against", "leave against away");
  if (setting.task === "ranking")
    return problem("of a ranking cannot be taken against answers: its scores are no grades", "leave against away");
  if (right.kind === "ref")
    return problem("compares with one model and takes the answers of another for the truth", "compare with a number");
  return observable(other, column, setting);
};

/** What is wrong with comparing a load with that of another model. */
function besideLoad({ metric: name, right, at }: ParsedCheck, metric: RunMetric, test: LoadSetting): CheckProblem[] {
  const problem = (message: string, hint: string) => [{ message: `${name} ${message}`, hint, column: at.right }];
  if (metric.bound.kind === "none") return problem("is looked for with the candidate alone", "compare with a number");
  if (!test.takesTurns)
    return problem(
      "cannot be compared with the champion: a recording, or all rows at once, cannot be put on two models in turn",
      "compare with a number, or use the profile server, constant or stream",
    );
  return metric.bound.kind === "binomial" && right.kind === "ref" && right.mul !== 1
    ? problem("is compared with the champion by its difference", "write champion + 1pp")
    : [];
}

/** What is wrong with the model a check compares with. */
export const reference: Finder = (check, metric, setting) => {
  const { metric: name, right, at } = check;
  if (right.kind === "value") return [];
  const problem = (message: string, hint: string) => [{ message: `${name} ${message}`, hint, column: at.right }];
  const missing = observable(right.ref, at.right, setting);
  if (missing.length > 0 || metric.kind === "rows") return missing;
  if (metric.kind === "outside" && metric.alone)
    return problem(`cannot be compared with the ${right.ref}: only the candidate is measured`, "compare with a number");
  if (right.ref !== "champion")
    return problem(`is not measured of the ${right.ref}`, "compare with champion or with a number");
  return metric.kind === "run" && setting.load !== null ? besideLoad(check, metric, setting.load) : [];
};
