import leven from "leven";
import type { TensorSpec } from "../../../domain/model.ts";
import { type Problem, UserError } from "../../../domain/problem.ts";
import type { RowPlan } from "../../../ports/dataset.ts";

/** The columns that fill an input of the model. */
export interface InputColumns {
  spec: TensorSpec;
  /** As the configuration has it, for messages. */
  pattern: string;
  columns: readonly string[];
}

const shownColumns = 12;

const listed = (names: readonly string[]): string => {
  const more = names.length - shownColumns;
  return `${names.slice(0, shownColumns).join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
};

const nearest = (name: string, among: readonly string[]): string => {
  const [best] = among.map((other) => ({ other, edits: leven(other, name) })).sort((a, b) => a.edits - b.edits);
  return best && best.edits <= Math.max(2, name.length / 3) ? `Did you mean "${best.other}"? ` : "";
};

/** Columns that a glob names, in the order of the file. */
function globbed(glob: string, columns: readonly string[]): string[] {
  const literal = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
  const pattern = new RegExp(`^${glob.split("*").map(literal).join(".*")}$`, "s");
  return columns.filter((column) => pattern.test(column));
}

/** Finds what a plan names among the columns of a file. */
class Finder {
  readonly problems: Problem[] = [];
  readonly #file: string;
  readonly #columns: readonly string[];
  readonly #plan: RowPlan;

  constructor(file: string, columns: readonly string[], plan: RowPlan) {
    this.#file = file;
    this.#columns = columns;
    this.#plan = plan;
  }

  #problem(key: string, message: string, hint: string): void {
    this.problems.push({ code: "data.column", message, hint, at: { file: this.#file, line: 1, key } });
  }

  need(name: string, key: string): void {
    if (!this.#columns.includes(name)) this.#missing(name, key);
  }

  #missing(name: string, key: string): void {
    const hint = `${nearest(name, this.#columns)}Its columns are ${listed(this.#columns)}. Correct ${key}.`;
    this.#problem(key, `${this.#file} has no column "${name}"`, hint);
  }

  /** A glob never takes the label, the id or a slice; a slice can be an input only by its own name. */
  #part(part: string, key: string): string[] {
    const { label, id, group, slices } = this.#plan;
    const kept = [label, id, group, ...slices];
    const found = part.includes("*")
      ? globbed(part, this.#columns).filter((column) => !kept.includes(column))
      : this.#columns.filter((column) => column === part);
    if (part === label)
      this.#problem(key, `"${part}" is the label, and the label is never sent`, `Take it out of ${key}.`);
    else if (found.length === 0) this.#missing(part, key);
    return found;
  }

  /** @param key where the columns stand in the configuration: `inputs`, or `partners` for the other text of a pair. */
  input(spec: TensorSpec, written: Readonly<Record<string, string>>, key: "inputs" | "partners"): InputColumns {
    const named = Object.hasOwn(written, spec.name) ? written[spec.name] : undefined;
    const parts = named === undefined ? [spec.name] : named.split(",").map((part) => part.trim());
    const columns = parts.flatMap((part) => this.#part(part, `evaluate.${key}.${spec.name}`));
    return { spec, pattern: parts.join(", "), columns };
  }

  strangers(written: Readonly<Record<string, string>>, key: "inputs" | "partners"): void {
    const known = this.#plan.specs.map(({ name }) => name);
    for (const name of Object.keys(written).filter((input) => !known.includes(input)))
      this.#problem(
        `evaluate.${key}.${name}`,
        `the model has no input "${name}"`,
        `${nearest(name, known)}Its inputs are ${listed(known)}.`,
      );
  }
}

/** The columns of each input, and of each input of the other text of a pair. */
export interface FoundColumns {
  inputs: readonly InputColumns[];
  partners: readonly InputColumns[] | null;
}

/** The columns that a plan names. @throws UserError `data.column` with every column that is missing, and the nearest that is not. */
export function findColumns(file: string, columns: readonly string[], plan: RowPlan): FoundColumns {
  const finder = new Finder(file, columns, plan);
  finder.need(plan.label, "evaluate.label");
  if (plan.id !== null) finder.need(plan.id, "evaluate.id");
  if (plan.group !== null) finder.need(plan.group, "evaluate.group");
  for (const slice of plan.slices) finder.need(slice, "evaluate.slices");
  const found = (key: "inputs" | "partners", written: Readonly<Record<string, string>>): InputColumns[] => {
    finder.strangers(written, key);
    return plan.specs.map((spec) => finder.input(spec, written, key));
  };
  const inputs = found("inputs", plan.inputs);
  const partners = plan.partners && found("partners", plan.partners);
  if (finder.problems.length > 0) throw new UserError(finder.problems);
  return { inputs, partners };
}
