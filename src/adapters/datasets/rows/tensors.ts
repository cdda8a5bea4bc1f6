import type { JsonValue } from "../../../domain/json.ts";
import type { Dtype, TensorSpec } from "../../../domain/model.ts";
import type { Tensor } from "../../../domain/tensor.ts";

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

/** Numbers from which on a float rounds to infinity: half a unit beyond its largest. */
const overflows: Partial<Record<Dtype, number>> = {
  float16: 65_520,
  bfloat16: (2 - 2 ** -8) * 2 ** 127,
  float32: (2 - 2 ** -24) * 2 ** 127,
};

/** What numbers a float takes as they are, without a look at their digits. */
const floats: Partial<Record<Dtype, number>> = { ...overflows, float64: Number.POSITIVE_INFINITY };

const decimal = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
const whole = /^[+-]?\d+(\.0+)?$/;

function integerOf(text: string, dtype: Dtype, [least, most]: readonly [bigint, bigint]): number | bigint {
  if (!whole.test(text)) throw new RangeError(`"${text.slice(0, 40)}" is not a whole number`);
  const value = BigInt(text.replace(/\.0+$/, "").replace(/^\+/, ""));
  if (value < least || value > most) throw new RangeError(`${value} is outside ${dtype} (${least} to ${most})`);
  return Number.isSafeInteger(Number(value)) ? Number(value) : value;
}

function floatOf(text: string, dtype: Dtype): number {
  const value = Number(text);
  if (!decimal.test(text) || !Number.isFinite(value))
    throw new RangeError(`"${text.slice(0, 40)}" is not a finite number`);
  if (Math.abs(value) >= (overflows[dtype] ?? Number.POSITIVE_INFINITY))
    throw new RangeError(`${value} is outside ${dtype}`);
  return value;
}

/** A cell as an element of a tensor. @throws RangeError with what is wrong with it. */
export function elementOf(cell: JsonValue, dtype: Dtype): Tensor["data"][number] {
  if (cell === null || typeof cell === "object")
    throw new RangeError(cell === null ? "the value is null" : "the value is an object");
  if (dtype === "string") return String(cell);
  if (typeof cell === "number" && Math.abs(cell) < (floats[dtype] ?? 0)) return cell;
  const text = String(cell).trim();
  if (text === "") throw new RangeError("the cell is empty");
  if (dtype === "bool") {
    if (/^(true|1)$/i.test(text)) return true;
    if (/^(false|0)$/i.test(text)) return false;
    throw new RangeError(`"${text.slice(0, 40)}" is not true or false`);
  }
  const range = ranges[dtype];
  return range ? integerOf(text, dtype, range) : floatOf(text, dtype);
}

const open = (side: number | string): side is string | -1 => typeof side === "string" || side === -1;

/** The shape of a batch of one with so many elements, or null when the input's shape cannot hold them. */
export function shapeFor({ shape }: TensorSpec, elements: number): number[] | null {
  const sides = shape.map((side, axis) => (axis === 0 && open(side) ? 1 : side));
  const known = sides.reduce<number>((product, side) => (open(side) ? product : product * Number(side)), 1);
  const unknown = sides.filter(open).length;
  if (unknown === 0) return known === elements ? sides.map(Number) : null;
  if (unknown > 1 || known === 0 || elements % known !== 0) return null;
  return sides.map((side) => (open(side) ? elements / known : Number(side)));
}
