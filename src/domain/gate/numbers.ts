import type { Unit } from "../metrics/metric.ts";

interface Manner {
  times: number;
  suffix: string;
  /** Digits after the point; null: three significant digits. */
  digits: number | null;
  /** How a difference of two values is written. */
  difference: string;
}

const manners: Readonly<Record<Unit, Manner>> = {
  ratio: { times: 100, suffix: " %", digits: 1, difference: " pp" },
  score: { times: 1, suffix: "", digits: 3, difference: "" },
  nats: { times: 1, suffix: "", digits: 4, difference: "" },
  ms: { times: 1, suffix: " ms", digits: null, difference: " ms" },
  bytes: { times: 1e-6, suffix: " MB", digits: null, difference: " MB" },
  "per second": { times: 1, suffix: " per second", digits: null, difference: " per second" },
  "label units": { times: 1, suffix: "", digits: null, difference: "" },
  "squared label units": { times: 1, suffix: "", digits: null, difference: "" },
};

/** `2,010` */
export const grouped = (n: number): string => n.toLocaleString("en-US", { maximumFractionDigits: 0 });

/** `95 %` of a share, without needless digits. */
export const percent = (share: number): string => `${Number((share * 100).toPrecision(9))} %`;

/** Significant digits without an exponent where a person would not write one. */
function significant(value: number, digits: number): string {
  const text = value.toPrecision(digits);
  return text.includes("e") ? String(Number(text)) : text;
}

/**
 * Makes a writer of values in a metric's unit, with as few digits as tell the given numbers apart: a value just under a
 * bound never reads like the bound. `difference` writes signs and percentage points.
 */
export function writer(unit: Unit, numbers: readonly (number | null)[], difference = false): (value: number) => string {
  const { times, suffix, digits, difference: points } = manners[unit];
  const write = (value: number, more: number): string => {
    const scaled = value * times;
    const text = digits === null ? significant(scaled, 3 + more) : scaled.toFixed(digits + more);
    const sign = difference && scaled > 0 ? "+" : "";
    return `${sign}${text}${difference ? points : suffix}`;
  };
  const distinct = [...new Set(numbers.filter((number) => number !== null))];
  const enough = (more: number) => new Set(distinct.map((number) => write(number, more))).size === distinct.length;
  const more = [0, 1, 2, 3, 4, 5].find(enough) ?? 0;
  return (value) => write(value, more);
}
