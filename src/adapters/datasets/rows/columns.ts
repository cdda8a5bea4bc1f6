import leven from "leven";
import type { TensorSpec } from "../../../domain/model.ts";
import { type Problem, UserError } from "../../../domain/problem.ts";
import type { RowPlan } from "../../../ports/dataset.ts";
import { fileColumn, globOf, partsOf, rangeOf, type Takes } from "./patterns.ts";

/** The columns that fill an input of the model. */
export interface InputColumns {
  spec: TensorSpec;
  /** As the configuration has it, for messages. */
  pattern: string;
  columns: readonly string[];
  /** Files are of its only column. */
  takes: Takes;
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

/** The columns of a range, by number and not by their order in the file, up to the first that is not there. */
function ranged(part: string, columns: ReadonlySet<string>): { found: string[]; missing: string | null } {
  const { first = 0, last = -1, name } = rangeOf(part) ?? {};
  const found: string[] = [];
  for (let number = first; number <= last; number++) {
    const column = name!(number);
    if (!columns.has(column)) return { found, missing: column };
    found.push(column);
  }
  return { found, missing: found.length === 0 ? part : null };
}

/** Finds what a plan names among the columns of a file. */
class Finder {
  readonly problems: Problem[] = [];
  readonly #file: string;
  readonly #columns: readonly string[];
  readonly #names: ReadonlySet<string>;
  readonly #plan: RowPlan;

  constructor(file: string, columns: readonly string[], plan: RowPlan) {
    this.#file = file;
    this.#columns = columns;
    this.#names = new Set(columns);
    this.#plan = plan;
  }

  #problem(key: string, message: string, hint: string): void {
    this.problems.push({ code: "data.column", message, hint, at: { file: this.#file, line: 1, key } });
  }

  need(name: string, key: string): void {
    if (!this.#names.has(name)) this.#missing(name, key);
  }

  #missing(name: string, key: string): void {
    const hint = `${nearest(name, this.#columns)}Its columns are ${listed(this.#columns)}. Correct ${key}.`;
    this.#problem(key, `${this.#file} has no column "${name}"`, hint);
  }

  /** Columns of a name, a glob or a range; a column that is called so goes first. */
  #named(part: string, kept: readonly string[]): { found: string[]; missing: string | null } {
    if (this.#names.has(part)) return { found: [part], missing: null };
    if (part.includes("*")) {
      const glob = globOf(part);
      const found = this.#columns.filter((column) => glob.test(column) && !kept.includes(column));
      return { found, missing: found.length === 0 ? part : null };
    }
    return ranged(part, this.#names);
  }

  /** A glob never takes the label, the id, the group or a slice; a slice can be an input only by its own name or a range. */
  #part(part: string, key: string): string[] {
    const { label, id, group, slices } = this.#plan;
    const { found, missing } = this.#named(
      part,
      [label, id, group, ...slices].filter((name) => name !== null),
    );
    if (found.includes(label))
      this.#problem(
        key,
        part === label
          ? `"${part}" is the label, and the label is never sent`
          : `"${part}" holds the label "${label}", and the label is never sent`,
        `Take it out of ${key}.`,
      );
    else if (missing !== null) this.#missing(missing, key);
    return found;
  }

  /** @param key where the columns stand in the configuration: `inputs`, or `partners` for the other text of a pair. */
  input(spec: TensorSpec, written: Readonly<Record<string, string>>, key: "inputs" | "partners"): InputColumns {
    const named = (Object.hasOwn(written, spec.name) ? written[spec.name] : undefined) ?? spec.name;
    const place = `evaluate.${key}.${spec.name}`;
    const file = this.#names.has(named) ? null : fileColumn(named);
    if (file) {
      const fits = spec.dtype === "string" || (file.takes === "file" && spec.dtype === "uint8");
      if (!fits)
        this.#problem(
          place,
          `the input ${spec.name} takes ${spec.dtype}, and a file has bytes`,
          "file: fills inputs of string (its text) and uint8 (its bytes), base64: those of string. Nothing is decoded here.",
        );
      return { spec, pattern: named, columns: this.#fileColumn(file.column, place), takes: file.takes };
    }
    const parts = partsOf(named);
    const columns = parts.flatMap((part) => this.#part(part, place));
    return { spec, pattern: parts.join(", "), columns, takes: "cells" };
  }

  #fileColumn(name: string, key: string): string[] {
    if (this.#names.has(name)) return this.#part(name, key);
    this.#missing(name, key);
    return [];
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

/** The names of the columns that a plan takes. @throws UserError as {@link findColumns}. */
export function columnsTaken(file: string, columns: readonly string[], plan: RowPlan): Set<string> {
  const { inputs, partners } = findColumns(file, columns, plan);
  const { label, id, group, slices } = plan;
  const named = [label, id, group, ...slices].filter((name) => name !== null);
  return new Set([...named, ...[...inputs, ...(partners ?? [])].flatMap((input) => input.columns)]);
}
