import { z } from "zod";

/** Sizes, times and rates are written with their unit: a bare number would leave it to be guessed. */
interface Quantity {
  /** What it is, with its article: `a duration`. */
  what: string;
  /** Unit → what it is worth in the unit values are kept in. */
  units: Readonly<Record<string, number>>;
  example: string;
  /** Least and most, in the unit values are kept in. */
  range?: { above?: number; most?: number; says: string };
}

// A share is divided, not multiplied by 0.01, to be the double nearest to what is written.
const worth = (count: number, unit: number): number => (unit < 1 ? count / Math.round(1 / unit) : count * unit);

function quantity({ what, units, example, range }: Quantity) {
  const names = Object.keys(units);
  const pattern = new RegExp(`^(\\d{1,15}(?:\\.\\d{1,15})?)\\s*(${names.join("|")})$`);
  const within = (value: number): boolean => value > (range?.above ?? -1) && value <= (range?.most ?? Number.MAX_VALUE);
  return z
    .string()
    .regex(pattern)
    .meta({ form: `${what} such as ${example} (units: ${names.join(", ")})`, units: names, examples: [example] })
    .transform((text) => {
      const [, count, unit] = pattern.exec(text) ?? [];
      return worth(Number(count), units[unit ?? ""] ?? Number.NaN);
    })
    .refine(within, range?.says ?? "is out of its range");
}

const times = { ms: 1, s: 1000, min: 60_000, h: 3_600_000, day: 86_400_000, days: 86_400_000 };

/** Milliseconds, more than none. */
export const duration = (example: string) =>
  quantity({ what: "a duration", units: times, example, range: { above: 0, says: "must be more than 0" } });

/** Milliseconds from 0. */
export const pause = (example: string) => quantity({ what: "a duration", units: times, example });

/** Bytes, more than none. */
export const size = (example: string) =>
  quantity({
    what: "a size",
    units: { B: 1, kB: 1e3, MB: 1e6, GB: 1e9, TB: 1e12, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30 },
    example,
    range: { above: 0, says: "must be more than 0" },
  });

/** Per second, more than none. */
export const rate = (example: string) =>
  quantity({
    what: "a rate",
    units: { "/s": 1, rps: 1, "/min": 1 / 60 },
    example,
    range: { above: 0, says: "must be more than 0" },
  });

/** A share of 0 to 1. */
export const share = (example: string) =>
  quantity({ what: "a share", units: { "%": 0.01 }, example, range: { most: 1, says: "must be at most 100%" } });
