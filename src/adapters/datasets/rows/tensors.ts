import leven from "leven";
import type { Dtype, TensorSpec } from "../../../domain/model.ts";
import type { Problem } from "../../../domain/problem.ts";
import type { Tensor } from "../../../domain/tensor.ts";

/** A cell as a data file has it. */
export type Cell = string | number | bigint | boolean;

const ranges: Partial<Record<Dtype, readonly [bigint, bigint]>> = {
  uint8: [0n, 255n],
  int8: [-128n, 127n],
  uint16: [0n, 65_535n],
  int16: [-32_768n, 32_767n],
  uint32: [0n, 4_294_967_295n],
  int32: [-2_147_483_648n, 2_147_483_647n],
  uint64: [0n, 2n ** 64n - 1n],
  int64: [-(2n ** 63n), 2n ** 63n - 1n],
};

/** A cell as an element of a tensor. @throws RangeError with what is wrong with it. */
export function elementOf(cell: Cell, dtype: Dtype): Tensor["data"][number] {
  if (dtype === "string") return String(cell);
  const text = String(cell).trim();
  if (dtype === "bool") {
    if (/^(true|1)$/i.test(text)) return true;
    if (/^(false|0)$/i.test(text)) return false;
    throw new RangeError(`"${text.slice(0, 40)}" is not true or false`);
  }
  if (text === "") throw new RangeError("the cell is empty");
  const range = ranges[dtype];
  if (range) {
    if (!/^[+-]?\d+(\.0+)?$/.test(text)) throw new RangeError(`"${text.slice(0, 40)}" is not a whole number`);
    const value = BigInt(text.replace(/\.0+$/, "").replace(/^\+/, ""));
    if (value < range[0] || value > range[1])
      throw new RangeError(`${value} is outside ${dtype} (${range[0]} to ${range[1]})`);
    return dtype.endsWith("64") && (value > BigInt(Number.MAX_SAFE_INTEGER) || value < BigInt(Number.MIN_SAFE_INTEGER))
      ? value
      : Number(value);
  }
  const value = Number(text);
  if (!Number.isFinite(value)) throw new RangeError(`"${text.slice(0, 40)}" is not a finite number`);
  return value;
}

/** The shape of a batch of one with so many elements, or null when the input's shape cannot hold them. */
export function shapeFor(spec: TensorSpec, elements: number): number[] | null {
  const sides = spec.shape.map((side, axis) => (axis === 0 && (typeof side === "string" || side === -1) ? 1 : side));
  const open = sides.filter((side) => typeof side === "string" || side === -1).length;
  const known = sides.reduce<number>(
    (product, side) => (typeof side === "number" && side !== -1 ? product * side : product),
    1,
  );
  if (open === 0) return known === elements ? (sides as number[]) : null;
  if (open > 1 || known === 0 || elements % known !== 0) return null;
  return sides.map((side) => (typeof side === "string" || side === -1 ? elements / known : side));
}

/** Columns that a pattern names: exact, or with `*`, in the order of the file; several separated by commas. */
export function columnsFor(pattern: string, columns: readonly string[]): string[] {
  return pattern.split(",").flatMap((part) => {
    const name = part.trim();
    if (!name.includes("*")) return columns.includes(name) ? [name] : [];
    const glob = new RegExp(
      `^${name
        .split("*")
        .map((text) => text.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&"))
        .join(".*")}$`,
    );
    return columns.filter((column) => glob.test(column));
  });
}

/** The problem with a column that is not there, with the nearest one that is. */
export function missingColumn(file: string, name: string, columns: readonly string[], key: string): Problem {
  const [nearest] = columns.map((column) => ({ column, edits: leven(column, name) })).sort((a, b) => a.edits - b.edits);
  const near = nearest && nearest.edits <= Math.max(2, name.length / 3) ? `Did you mean "${nearest.column}"? ` : "";
  const shown = columns.slice(0, 12).join(", ");
  return {
    code: "data.column",
    message: `${file} has no column "${name}"`,
    hint: `${near}Its columns are ${shown}${columns.length > 12 ? ` and ${columns.length - 12} more` : ""}. Correct ${key}.`,
    at: { file, line: 1, key },
  };
}
