import type { SchemaElement } from "hyparquet";
import type { JsonValue } from "../../../domain/json.ts";

/** What a value of a column is as a cell. @throws RangeError when it is none. */
export type CellOf = (value: unknown) => JsonValue;

type Unit = "MILLIS" | "MICROS" | "NANOS";
const digits: Record<Unit, number> = { MILLIS: 3, MICROS: 6, NANOS: 9 };

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function textOf(value: unknown): JsonValue {
  if (!(value instanceof Uint8Array)) return numberOf(value);
  try {
    return utf8.decode(value);
  } catch {
    throw new RangeError("the value is binary, and no text in UTF-8");
  }
}

/** Integers beyond 2^53 exactly. */
function numberOf(value: unknown): JsonValue {
  if (typeof value === "bigint") return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  if (typeof value === "number" || typeof value === "boolean" || typeof value === "string") return value;
  throw new RangeError("the value is of a kind that is not known");
}

/** Two's complement, most significant byte first, as decimals stand in bytes. */
const unscaled = (value: unknown): bigint =>
  value instanceof Uint8Array
    ? BigInt.asIntN(value.length * 8, BigInt(`0x0${Buffer.from(value).toString("hex")}`))
    : BigInt(value as number | bigint);

/** Moves the point into a whole number: 1234 with 2 digits behind it is 12.34. */
function pointed(whole: bigint, behind: number): string {
  const text = String(whole < 0n ? -whole : whole).padStart(behind + 1, "0");
  const point = text.length - behind;
  return `${whole < 0n ? "-" : ""}${text.slice(0, point)}${behind > 0 ? `.${text.slice(point)}` : ""}`;
}

const msOfDay = 86_400_000n;

/** Day and time of an instant, in units since 1970, with as many digits of the second as are not zero (RFC 3339). */
function instant(value: bigint, unit: Unit): string {
  const second = 10n ** BigInt(digits[unit]);
  const fraction = ((value % second) + second) % second;
  const date = new Date(Number((value - fraction) / second) * 1000);
  if (Number.isNaN(date.getTime())) throw new RangeError("the time is beyond the calendar");
  const behind = fraction === 0n ? "" : `.${String(fraction).padStart(digits[unit], "0").replace(/0+$/, "")}`;
  return `${date.toISOString().slice(0, -".000Z".length)}${behind}`;
}

const dayOf = (value: unknown): string => instant(BigInt(value as number) * msOfDay, "MILLIS").split("T")[0]!;

const unitOf = ({ logical_type: logical, converted_type: converted }: SchemaElement): Unit =>
  logical?.type === "TIMESTAMP" || logical?.type === "TIME"
    ? logical.unit
    : converted?.endsWith("_MICROS")
      ? "MICROS"
      : "MILLIS";

const isDecimal = ({ logical_type: logical, converted_type: converted }: SchemaElement): boolean =>
  logical?.type === "DECIMAL" || converted === "DECIMAL";

/** The digits behind the point of a decimal. More than there can be in its bytes would fill the memory with zeros. */
function scaleOf({ logical_type: logical, scale }: SchemaElement): number {
  const found = (logical?.type === "DECIMAL" ? logical.scale : scale) ?? 0;
  return Number.isSafeInteger(found) && found >= 0 && found <= 1000 ? found : 0;
}

/** What values of a leaf are, by its annotation. Decimals keep all their digits, which a float would not. */
function scalarOf(element: SchemaElement): CellOf {
  const { logical_type: logical, converted_type: converted } = element;
  if (isDecimal(element)) return (value) => pointed(unscaled(value), scaleOf(element));
  if (logical?.type === "DATE" || converted === "DATE") return dayOf;
  if (logical?.type === "TIMESTAMP" || converted?.startsWith("TIMESTAMP_")) {
    const zone = logical?.type === "TIMESTAMP" && !logical.isAdjustedToUTC ? "" : "Z";
    return (value) => `${instant(BigInt(value as bigint), unitOf(element))}${zone}`;
  }
  if (logical?.type === "TIME" || converted?.startsWith("TIME_"))
    return (value) => instant(BigInt(value as bigint), unitOf(element)).split("T")[1]!;
  return element.type === "BYTE_ARRAY" || element.type === "FIXED_LEN_BYTE_ARRAY" ? textOf : numberOf;
}

/** Cells of a column by its leaf: null for what is missing, and a list for each list. */
export function cellsOf(element: SchemaElement): CellOf {
  const scalar = scalarOf(element);
  const cell: CellOf = (value) =>
    value === null || value === undefined ? null : Array.isArray(value) ? value.map(cell) : scalar(value);
  return cell;
}

/** The annotations that decide what bits mean; the others are for {@link cellsOf}, which is exact where the reader is not. */
export function decodedAs(element: SchemaElement): SchemaElement {
  const { logical_type: logical, converted_type: converted, ...bare } = element;
  const unsigned = logical?.type === "INTEGER" || converted?.startsWith("UINT_");
  if (!unsigned && logical?.type !== "FLOAT16" && logical?.type !== "UUID") return bare;
  return { ...bare, ...(logical && { logical_type: logical }), ...(converted && { converted_type: converted }) };
}

/** Legacy instants of 96 bits (Spark, Impala) come as nanoseconds; whose time they tell they do not say. */
export const legacyInstant = (nanoseconds: bigint): string => instant(nanoseconds, "NANOS");
