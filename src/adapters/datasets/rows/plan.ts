import { dirname } from "node:path";
import type { JsonValue } from "../../../domain/json.ts";
import { type Problem, UserError } from "../../../domain/problem.ts";
import type { Tensor, Tensors } from "../../../domain/tensor.ts";
import type { Row, RowPlan } from "../../../ports/dataset.ts";
import { BadRow } from "./bad-row.ts";
import { type FoundColumns, findColumns, type InputColumns } from "./columns.ts";
import { fileTensor } from "./files.ts";
import { labelOf, textOf } from "./labels.ts";
import { elementOf, shapeFor } from "./tensors.ts";

type Cells = Readonly<Record<string, JsonValue>>;

/** What a file has on a line: its cells by column (a list in a cell fills a tensor by itself), or what is wrong with it. */
export type DataRecord = {
  line: number;
  /** The file of the line, where rows are read from several. */
  file?: string;
  /** What paths in its cells start from, where that is not the folder of the file. */
  folder?: string;
} & ({ cells: Cells } | { wrong: string; hint: string; key?: string });

/** More problems than this would hide each other. */
const mostProblems = 20;

const flat = (cell: JsonValue): readonly JsonValue[] => (Array.isArray(cell) ? cell.flatMap(flat) : [cell]);

/** The tensor of an input. @throws BadRow */
function tensorOf(cells: Cells, { spec, pattern, columns }: InputColumns): Tensor {
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

/** The first input whose columns are not the same; null when all are. */
function differing(before: FoundColumns, now: FoundColumns): string | null {
  const names = ({ inputs, partners }: FoundColumns): string[] =>
    [...inputs, ...(partners ?? [])].map(({ columns }) => JSON.stringify(columns.toSorted()));
  const others = names(now);
  const at = names(before).findIndex((columns, index) => columns !== others[index]);
  return at === -1 ? null : (before.inputs[at % before.inputs.length]?.spec.name ?? null);
}

/** Turns records into rows, collecting up to twenty problems before it throws them together. */
export class RowMaker {
  readonly #file: string;
  readonly #plan: RowPlan;
  readonly #ids = new Set<string>();
  readonly #problems: Problem[] = [];
  #columns: (FoundColumns & { file: string }) | null = null;
  #count = 0;

  constructor(file: string, plan: RowPlan) {
    this.#file = file;
    this.#plan = plan;
  }

  #problem(problem: Omit<Problem, "at">, { line, file = this.#file }: DataRecord, key?: string): void {
    this.#problems.push({ ...problem, at: { file, line, ...(key !== undefined && { key }) } });
    if (this.#problems.length >= mostProblems) this.#finish();
  }

  /** @throws UserError when there were problems, or no rows. */
  #finish(): void {
    if (this.#problems.length > 0) throw new UserError(this.#problems);
    if (this.#count > 0) return;
    const hint = "Nothing can be measured without rows. Check evaluate.data and how the file was made.";
    throw new UserError([{ code: "data.empty", message: `${this.#file} has no rows`, hint, at: { file: this.#file } }]);
  }

  #id(cells: Cells): string {
    const column = this.#plan.id;
    if (column === null) return String(this.#count);
    const id = textOf(cells[column]);
    const hint = "Ids must name rows uniquely; the data set's digest and the report rest on them.";
    if (id === "") throw new BadRow(column, "the id is empty", hint);
    if (this.#ids.has(id)) throw new BadRow(column, `the id "${id}" stands twice`, hint);
    this.#ids.add(id);
    return id;
  }

  /** The columns, as the first row has them. @throws UserError when a further file has others: a glob would take more, or less. */
  #found(file: string, cells: Cells): FoundColumns {
    if (this.#columns && this.#columns.file === file) return this.#columns;
    const found = findColumns(file, Object.keys(cells), this.#plan);
    const other = this.#columns && differing(this.#columns, found);
    if (this.#columns && other)
      throw new UserError([
        {
          code: "data.column",
          message: `the input ${other} takes other columns of ${file} than of ${this.#columns.file}`,
          hint: "Files of one data set must have the same columns, in any order.",
          at: { file, line: 1, key: `evaluate.inputs.${other}` },
        },
      ]);
    // The order is that of the first file in all of them.
    this.#columns = { ...(this.#columns ?? found), file };
    return this.#columns;
  }

  /** The tensors of a row's inputs. Files are read only where an input takes one. @throws BadRow */
  async #filled(cells: Cells, inputs: readonly InputColumns[], folder: string): Promise<Tensors> {
    const tensors: Record<string, Tensor> = {};
    for (const input of inputs)
      tensors[input.spec.name] =
        input.takes === "cells" ? tensorOf(cells, input) : await fileTensor(cells, input, folder);
    return tensors;
  }

  /** @throws BadRow */
  async #row({ line, file, folder }: DataRecord, cells: Cells): Promise<Row> {
    const { inputs, partners } = this.#found(file ?? this.#file, cells);
    const { label: column, group, slices } = this.#plan;
    const id = this.#id(cells);
    const label = labelOf(cells[column], this.#plan);
    const from = folder ?? dirname(file ?? this.#file);
    return {
      id,
      line,
      ...(file !== undefined && { file }),
      inputs: await this.#filled(cells, inputs, from),
      label,
      group: group === null ? null : groupOf(cells[group], group),
      partner: partners && (await this.#filled(cells, partners, from)),
      slices: Object.fromEntries(slices.map((name) => [name, textOf(cells[name])])),
    };
  }

  /** Rows of records, one at a time. @throws UserError with all problems at the end, or once there are twenty. */
  async *rows(records: AsyncIterable<DataRecord>): AsyncIterable<Row> {
    for await (const record of records) {
      this.#count++;
      if ("wrong" in record) {
        const message = `${record.file ?? this.#file}: ${record.wrong}`;
        const code = record.key === undefined ? "data.syntax" : "data.value";
        this.#problem({ code, message, hint: record.hint }, record, record.key);
        continue;
      }
      try {
        const row = await this.#row(record, record.cells);
        if (this.#problems.length === 0) yield row;
      } catch (error) {
        if (!(error instanceof BadRow)) throw error;
        this.#problem({ code: "data.value", message: error.message, hint: error.hint }, record, error.key);
      }
    }
    this.#finish();
  }
}
