import type { TensorSpec } from "../../../domain/model.ts";
import { type Problem, UserError } from "../../../domain/problem.ts";
import type { Tensor } from "../../../domain/tensor.ts";
import type { Row, RowPlan } from "../../../ports/dataset.ts";
import { type Cell, columnsFor, elementOf, missingColumn, shapeFor } from "./tensors.ts";

/** A record of a file: its line and its cells by column. A list in a cell fills a tensor by itself. */
export interface DataRecord {
  line: number;
  cells: Readonly<Record<string, Cell | readonly Cell[]>>;
}

/** More problems than this would hide each other. */
const mostProblems = 20;

interface Reader {
  inputs: { name: string; spec: TensorSpec; columns: readonly string[] }[];
}

/** Resolves a plan against the columns of a file: every column that is missing, at once. @throws UserError `data.column`. */
function resolve(file: string, columns: readonly string[], plan: RowPlan): Reader {
  const problems: Problem[] = [];
  const need = (name: string, key: string): void => {
    if (!columns.includes(name)) problems.push(missingColumn(file, name, columns, key));
  };
  need(plan.label, "evaluate.label");
  if (plan.id !== null) need(plan.id, "evaluate.id");
  for (const slice of plan.slices) need(slice, "evaluate.slices");
  const inputs = plan.specs.map((spec) => {
    const pattern = plan.inputs[spec.name] ?? spec.name;
    const found = columnsFor(pattern, columns);
    if (found.length === 0) problems.push(missingColumn(file, pattern, columns, `evaluate.inputs.${spec.name}`));
    return { name: spec.name, spec, columns: found };
  });
  if (problems.length > 0) throw new UserError(problems);
  return { inputs };
}

const flat = (cell: Cell | readonly Cell[]): readonly Cell[] =>
  Array.isArray(cell) ? (cell.flat(Number.POSITIVE_INFINITY as 1) as Cell[]) : [cell as Cell];

const textOf = (cell: Cell | readonly Cell[] | undefined): string =>
  cell === undefined || Array.isArray(cell) ? "" : String(cell).trim();

/** Turns records into rows, collecting up to twenty problems before it throws them together. */
export class RowMaker {
  readonly #file: string;
  readonly #plan: RowPlan;
  readonly #ids = new Set<string>();
  readonly problems: Problem[] = [];
  #reader: Reader | null = null;
  #count = 0;

  constructor(file: string, plan: RowPlan) {
    this.#file = file;
    this.#plan = plan;
  }

  problem(code: Problem["code"], line: number, key: string, message: string, hint: string): void {
    this.problems.push({ code, message, hint, at: { file: this.#file, line, key } });
    if (this.problems.length >= mostProblems) this.finish();
  }

  /** @throws UserError when there were problems, or no rows. */
  finish(): void {
    if (this.problems.length > 0) throw new UserError(this.problems);
    if (this.#count === 0)
      throw new UserError([
        {
          code: "data.empty",
          message: `${this.#file} has no rows`,
          hint: "Nothing can be measured without rows. Check evaluate.data and how the file was made.",
          at: { file: this.#file },
        },
      ]);
  }

  #tensor(record: DataRecord, { name, spec, columns }: Reader["inputs"][number]): Tensor | null {
    const data: Tensor["data"][number][] = [];
    for (const column of columns)
      for (const cell of flat(record.cells[column] ?? ""))
        try {
          data.push(elementOf(cell, spec.dtype));
        } catch (error) {
          this.problem(
            "data.value",
            record.line,
            column,
            `${column}: ${(error as Error).message}`,
            `The input ${name} takes ${spec.dtype}. Correct the cell or leave the row out.`,
          );
          return null;
        }
    const shape = shapeFor(spec, data.length);
    if (shape) return { dtype: spec.dtype, shape, data };
    this.problem(
      "data.value",
      record.line,
      columns.join(","),
      `the input ${name} gets ${data.length} values, and its shape is [${spec.shape.join(",")}]`,
      "Correct evaluate.inputs so that each row fills the input once.",
    );
    return null;
  }

  /** The row of a record; null when it has a problem, which is kept. */
  row(record: DataRecord): Row | null {
    const reader = (this.#reader ??= resolve(this.#file, Object.keys(record.cells), this.#plan));
    this.#count++;
    const { label, id: idColumn, slices } = this.#plan;
    const id = idColumn === null ? String(this.#count) : textOf(record.cells[idColumn]);
    if (id === "" || this.#ids.has(id)) {
      this.problem(
        "data.value",
        record.line,
        idColumn ?? "id",
        id === "" ? "the id is empty" : `the id "${id}" stands twice`,
        "Ids must name rows uniquely; the data set's digest and the report rest on them.",
      );
      return null;
    }
    this.#ids.add(id);
    const labelText = textOf(record.cells[label]);
    if (labelText === "") {
      this.problem(
        "data.value",
        record.line,
        label,
        "the label is empty",
        "A row without a label cannot be judged: fill it in or leave the row out.",
      );
      return null;
    }
    const inputs: Record<string, Tensor> = {};
    for (const input of reader.inputs) {
      const tensor = this.#tensor(record, input);
      if (!tensor) return null;
      inputs[input.name] = tensor;
    }
    return {
      id,
      line: record.line,
      inputs,
      label: labelText,
      slices: Object.fromEntries(slices.map((name) => [name, textOf(record.cells[name])])),
    };
  }

  /** Rows of records, one at a time. @throws UserError with all problems at the end, or once there are twenty. */
  async *rows(records: AsyncIterable<DataRecord>): AsyncIterable<Row> {
    for await (const record of records) {
      const row = this.row(record);
      if (row && this.problems.length === 0) yield row;
    }
    this.finish();
  }
}
