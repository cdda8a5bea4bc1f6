import type { Golden } from "../golden.ts";
import { grouped } from "../grouped.ts";
import type { TensorSpec } from "../model.ts";
import type { Tensors } from "../tensor.ts";

const varies = (side: number | string | undefined): boolean => typeof side === "string" || side === -1;

/** Whether a side of a model takes as many rows as it is given: the first dimension of each varies. */
export const isBatched = (specs: readonly TensorSpec[]): boolean =>
  specs.length > 0 && specs.every(({ shape }) => varies(shape[0]));

const rowWidth = (shape: readonly number[]): number => shape.slice(1).reduce((product, side) => product * side, 1);

/** Rows of a request; null when its inputs disagree about them. */
function rowsOf(inputs: Tensors): number | null {
  const [first, ...others] = Object.values(inputs).map(({ shape }) => shape[0] ?? 0);
  return first !== undefined && others.every((rows) => rows === first) ? first : null;
}

const rowShapes = (inputs: Tensors): string =>
  JSON.stringify(Object.entries(inputs).map(([name, { shape }]) => [name, shape.slice(1)]));

/**
 * Golden requests that can be sent as one: the largest set with rows of the same shape, in their order, at most so many. A
 * single one stands twice.
 */
export function batchable(goldens: readonly Golden[], most: number): readonly Golden[] {
  const usable = goldens.filter(({ inputs }) => (rowsOf(inputs) ?? 0) > 0);
  const groups = grouped(usable, ({ inputs }) => rowShapes(inputs));
  const largest = [...groups.values()].toSorted((a, b) => b.length - a.length)[0] ?? [];
  return largest.length === 1 ? [largest[0]!, largest[0]!] : largest.slice(0, most);
}

/** The requests below each other in one. All have the same inputs, and rows of the same shape. */
export function joined(requests: readonly Tensors[]): Tensors {
  const [first = {}] = requests;
  return Object.fromEntries(
    Object.entries(first).map(([name, { dtype, shape }]) => {
      const all = requests.map((request) => request[name]!);
      const rows = all.reduce((sum, tensor) => sum + tensor.shape[0]!, 0);
      return [name, { dtype, shape: [rows, ...shape.slice(1)], data: all.flatMap(({ data }) => data) }];
    }),
  );
}

/**
 * The answer to joined requests, taken apart again: an answer per request, in their order.
 * @param names the outputs that have a row per row. @throws RangeError when one has another number of rows.
 */
export function parted(outputs: Tensors, names: readonly string[], requests: readonly Tensors[]): Tensors[] {
  const counts = requests.map((request) => rowsOf(request) ?? 0);
  const total = counts.reduce((sum, count) => sum + count, 0);
  for (const name of names) {
    const rows = outputs[name]?.shape[0];
    if (rows !== total) throw new RangeError(`${name} has ${rows ?? "no"} rows for ${total} rows sent`);
  }
  let start = 0;
  return counts.map((count) => {
    const from = start;
    start += count;
    return Object.fromEntries(
      names.map((name) => {
        const { dtype, shape, data } = outputs[name]!;
        const width = rowWidth(shape);
        const rows = data.slice(from * width, start * width);
        return [name, { dtype, shape: [count, ...shape.slice(1)], data: rows }];
      }),
    );
  });
}
