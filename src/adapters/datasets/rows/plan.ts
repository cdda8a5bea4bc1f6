import type { JsonValue } from "../../../domain/json.ts";
import { type Problem, UserError } from "../../../domain/problem.ts";
import type { Tensor } from "../../../domain/tensor.ts";
import type { Row, RowPlan } from "../../../ports/dataset.ts";
import { BadRow } from "./bad-row.ts";
import { type FoundColumns, findColumns, type InputColumns } from "./columns.ts";
import { labelOf, textOf } from "./labels.ts";
import { elementOf, shapeFor } from "./tensors.ts";

/** What a file has on a line: its cells by column (a list in a cell fills a tensor by itself), or what is wrong with it. */
export type DataRecord =
  | { line: number; cells: Readonly<Record<string, JsonValue>> }
  | { line: number; wrong: string; hint: string };

/** More problems than this would hide each other. */
const mostProblems = 20;

const flat = (cell: JsonValue): readonly JsonValue[] => (Array.isArray(cell) ? cell.flatMap(flat) : [cell]);

/** The tensor of an input. @throws BadRow */
function tensorOf(cells: Readonly<Record<string, JsonValue>>, { spec, pattern, columns }: InputColumns): Tensor {
  const data: Tensor["data"][number][] = [];
  for (const column of columns) {
    const cell = cells[column];
    try {
      if (cell === undefined) throw new RangeError("the field is missing");
      for (const element of flat(cell)) data.push(elementOf(element, spec.dtype));
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      const hint = `The input ${spec.name} takes ${spec.dtype}. Correct the cell or leave the row out.`;
      throw new BadRow(column, `${column}: ${error.message}`, hint);
    }
  }
  const shape = shapeFor(spec, data.length);
  if (shape) return { dtype: spec.dtype, shape, data };
  throw new BadRow(
    pattern,
    `the input ${spec.name} gets ${data.length} values, and its shape is [${spec.shape.join(",")}]`,
    "Correct evaluate.inputs so that each row fills the input once.",
  );
}

/** What a row belongs together with others by. @throws BadRow */
function groupOf(cell: JsonValue | undefined, column: string): string {
  const group = textOf(cell);
  if (group !== "") return group;
  const hint = "Every row needs one: the query of a ranking, or what else evaluate.group names.";
  throw new BadRow(column, "the group is empty", hint);
}

/** Turns records into rows, collecting up to twenty problems before it throws them together. */
export class RowMaker {
  readonly #file: string;
  readonly #plan: RowPlan;
  readonly #ids = new Set<string>();
  readonly #problems: Problem[] = [];
  #columns: FoundColumns | null = null;
  #count = 0;

  constructor(file: string, plan: RowPlan) {
    this.#file = file;
    this.#plan = plan;
  }

  #problem(problem: Omit<Problem, "at">, line: number, key?: string): void {
    this.#problems.push({ ...problem, at: { file: this.#file, line, ...(key !== undefined && { key }) } });
    if (this.#problems.length >= mostProblems) this.#finish();
  }

  /** @throws UserError when there were problems, or no rows. */
  #finish(): void {
    if (this.#problems.length > 0) throw new UserError(this.#problems);
    if (this.#count > 0) return;
    const hint = "Nothing can be measured without rows. Check evaluate.data and how the file was made.";
    throw new UserError([{ code: "data.empty", message: `${this.#file} has no rows`, hint, at: { file: this.#file } }]);
  }

  #id(cells: Readonly<Record<string, JsonValue>>): string {
    const column = this.#plan.id;
    const id = column === null ? String(this.#count) : textOf(cells[column]);
    const hint = "Ids must name rows uniquely; the data set's digest and the report rest on them.";
    if (id === "") throw new BadRow(column ?? "id", "the id is empty", hint);
    if (this.#ids.has(id)) throw new BadRow(column ?? "id", `the id "${id}" stands twice`, hint);
    this.#ids.add(id);
    return id;
  }

  /** @throws BadRow */
  #row(line: number, cells: Readonly<Record<string, JsonValue>>): Row {
    this.#columns ??= findColumns(this.#file, Object.keys(cells), this.#plan);
    const { inputs, partners } = this.#columns;
    const { label: column, group, slices } = this.#plan;
    const filled = (found: readonly InputColumns[]) =>
      Object.fromEntries(found.map((input) => [input.spec.name, tensorOf(cells, input)]));
    const id = this.#id(cells);
    const label = labelOf(cells[column], this.#plan);
    return {
      id,
      line,
      inputs: filled(inputs),
      label,
      group: group === null ? null : groupOf(cells[group], group),
      partner: partners && filled(partners),
      slices: Object.fromEntries(slices.map((name) => [name, textOf(cells[name])])),
    };
  }

  /** Rows of records, one at a time. @throws UserError with all problems at the end, or once there are twenty. */
  async *rows(records: AsyncIterable<DataRecord>): AsyncIterable<Row> {
    for await (const record of records) {
      this.#count++;
      if ("wrong" in record) {
        this.#problem(
          { code: "data.syntax", message: `${this.#file}: ${record.wrong}`, hint: record.hint },
          record.line,
        );
        continue;
      }
      try {
        const row = this.#row(record.line, record.cells);
        if (this.#problems.length === 0) yield row;
      } catch (error) {
        if (!(error instanceof BadRow)) throw error;
        this.#problem({ code: "data.value", message: error.message, hint: error.hint }, record.line, error.key);
      }
    }
    this.#finish();
  }
}
